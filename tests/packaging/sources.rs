//! The archives of the sources: what is committed is in them, with every crate in one of them, and the same bytes each time; and
//! the recipes that take them, by their sums.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::{self, Outcome};
use crate::{files, make};

pub fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test("dist::has_what_is_committed_and_every_crate_and_is_the_same_again", || {
        if git(&["rev-parse", "HEAD"]).is_err() {
            return support::missing("this is no checkout of git");
        }
        let mut fetch = Command::new(env!("CARGO"));
        if support::run(fetch.args(["fetch", "--locked", "--quiet"]).current_dir(support::root())).is_err() {
            return support::missing("crates for other systems are not here and cannot be fetched");
        }
        dist_has_everything()
    })]
}

fn git(arguments: &[&str]) -> Result<String, Failed> {
    support::run(Command::new("git").arg("-C").arg(support::root()).args(arguments))
}

fn dist_has_everything() -> Outcome {
    let folder = support::scratch("packaging-dist");
    let archives = ["", "-vendored"].map(|kind| format!("trro-{}{kind}.tar.gz", env!("CARGO_PKG_VERSION")));
    for place in ["first", "second"] {
        let target = folder.join(place);
        support::run(make().arg("dist").env("CARGO", env!("CARGO")).env("CARGO_TARGET_DIR", &target))?;
    }
    for archive in &archives {
        let read = |place| fs::read(folder.join(place).join("dist").join(archive));
        assert!(read("first")? == read("second")?, "{archive} differs");
    }
    let committed: BTreeSet<_> = git(&["ls-tree", "-r", "--name-only", "HEAD"])?.lines().map(str::to_owned).collect();
    let [plain, vendored] = archives.each_ref().map(|archive| unpacked(&folder.join("first/dist").join(archive)));
    assert_eq!(files(&plain?)?, committed);

    let sources = vendored?;
    let added = files(&sources)?.into_iter().filter(|file| !committed.contains(file));
    let surplus: Vec<_> = added.filter(|file| !file.starts_with("vendor/") && file != ".cargo/config.toml").collect();
    assert_eq!(surplus, [""; 0]);
    // With nothing of the machine's own crates.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["fetch", "--locked", "--offline"]).current_dir(&sources).env("CARGO_HOME", folder.join("home"));
    support::run(&mut cargo)?;
    recipes_are_filled_in(&folder.join("first/dist"), &archives)?;
    Ok(Completion::Completed)
}

/// With the sums of what lies beside them, and nothing left to be filled in.
fn recipes_are_filled_in(dist: &Path, [plain, vendored]: &[String; 2]) -> Result<(), Failed> {
    let sum = |command: &str, file: &Path| -> Result<String, Failed> {
        let said = support::run(Command::new(command).arg(file))?;
        Ok(said.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let [license, copyright] = ["LICENSE", "packaging/debian/copyright"].map(|file| support::root().join(file));
    let sums = [
        (format!("yocto/trro_{}.bb", env!("CARGO_PKG_VERSION")), sum("sha256sum", &dist.join(plain))?),
        (format!("yocto/trro_{}.bb", env!("CARGO_PKG_VERSION")), sum("md5sum", &license)?),
        ("buildroot/package/trro/trro.hash".to_owned(), sum("sha256sum", &dist.join(vendored))?),
        ("buildroot/package/trro/trro.hash".to_owned(), sum("sha256sum", &license)?),
        (format!("yocto/trro_{}.bb", env!("CARGO_PKG_VERSION")), sum("md5sum", &copyright)?),
        ("buildroot/package/trro/trro.hash".to_owned(), sum("sha256sum", &copyright)?),
        ("conan/conanfile.py".to_owned(), sum("sha256sum", &dist.join(vendored))?),
        ("vcpkg/trro/portfile.cmake".to_owned(), sum("sha512sum", &dist.join(vendored))?),
    ];
    for (recipe, sum) in sums {
        assert!(fs::read_to_string(dist.join(&recipe))?.contains(&sum), "{recipe} has not {sum}");
    }
    for builder in ["yocto", "buildroot", "conan", "vcpkg"] {
        for file in files(&dist.join(builder))? {
            let text = fs::read_to_string(dist.join(builder).join(&file))?;
            let left = text.split('@').skip(1).find(|word| is_placeholder(word));
            assert!(left.is_none() && !file.contains('@'), "{builder}/{file}: {left:?} is not filled in");
        }
    }
    Ok(())
}

/// As in `@LICENSE_MD5@`, without what is around it.
fn is_placeholder(word: &str) -> bool {
    !word.is_empty()
        && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// What is in an archive, all of it in one folder of its own.
fn unpacked(archive: &Path) -> Result<PathBuf, Failed> {
    let folder = archive.with_extension("unpacked");
    fs::create_dir_all(&folder)?;
    support::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&folder))?;
    Ok(folder.join(concat!("trro-", env!("CARGO_PKG_VERSION"))))
}
