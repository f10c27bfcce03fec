//! The reference of the C API (docs/reference): it is made from the header without a warning, and lacks nothing of it.

#[path = "reference/header.rs"]
mod header;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use header::{Entry, Header, words};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::Outcome;

/// What the pages of a function have, beside sections for the tags of its comment.
const SECTIONS: [&str; 6] = ["NAME", "SYNOPSIS", "DESCRIPTION", "THREADS", "BLOCKING", "SEE ALSO"];

fn main() {
    let made: Arc<OnceLock<Result<PathBuf, Failed>>> = Arc::default();
    let test = |name: &str, check: fn(&Header, &Path) -> Outcome| {
        let made = Arc::clone(&made);
        Trial::ignorable_test(name, move || {
            if let Some(tool) = missing_tool() {
                return support::missing(&format!("{tool} is not installed"));
            }
            // Made once, by the test that comes first; whether with a warning is a test of its own.
            let folder = made.get_or_init(|| make(&header_file(), "reference", "NO"));
            check(&read_header(&header_file())?, folder.as_ref().map_err(Clone::clone)?)
        })
    };
    let trials = vec![
        Trial::test("the_header_is_read_as_a_whole", the_header_is_read_as_a_whole),
        Trial::ignorable_test("doxygen_warns_of_nothing", || {
            with_tools(|| make(&header_file(), "reference-strict", "YES").map(drop))
        }),
        test("every_function_has_a_page", |_, folder| done(every_function_has_a_page(folder)?)),
        test("the_manual_has_everything", |header, folder| done(none_of(manual_gaps(header, folder)?)?)),
        test("the_html_has_everything", |header, folder| done(none_of(html_gaps(header, folder)?)?)),
        test("mandoc_finds_no_fault", |_, folder| done(mandoc_finds_no_fault(folder)?)),
        test("man_finds_no_fault", |_, folder| man_finds_no_fault(folder)),
        Trial::ignorable_test("what_lacks_a_comment_is_noticed", || with_tools(what_lacks_a_comment_is_noticed)),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn missing_tool() -> Option<&'static str> {
    ["make", "doxygen", "python3", "mandoc"].into_iter().find(|tool| support::find_tool(tool).is_none())
}

fn with_tools(test: impl FnOnce() -> Result<(), Failed>) -> Outcome {
    match missing_tool() {
        Some(tool) => support::missing(&format!("{tool} is not installed")),
        None => done(test()?),
    }
}

fn done((): ()) -> Outcome {
    Ok(Completion::Completed)
}

fn header_file() -> PathBuf {
    support::root().join("include/trro.h")
}

fn read_header(path: &Path) -> Result<Header, Failed> {
    Ok(Header::parse(&fs::read_to_string(path)?))
}

/// Makes the reference of a header in a folder of that name.
fn make(header: &Path, name: &str, strict: &str) -> Result<PathBuf, Failed> {
    let folder = support::scratch(name);
    let mut make = Command::new("make");
    // What a make around the tests passes on is not meant for this one.
    make.env_remove("MAKEFLAGS").env_remove("MFLAGS").arg("-C").arg(support::root().join("docs/reference"));
    make.arg(format!("STRICT={strict}")).arg(format!("HEADER={}", header.display()));
    support::run(make.arg(format!("OUT={}", folder.display())))?;
    Ok(folder)
}

fn none_of(gaps: Vec<String>) -> Result<(), Failed> {
    if gaps.is_empty() { Ok(()) } else { Err(gaps.join("\n").into()) }
}

/// The other tests compare with what was found in the header: it has to be all that there is.
fn the_header_is_read_as_a_whole() -> Result<(), Failed> {
    let text = fs::read_to_string(header_file())?;
    let header = Header::parse(&text);
    let symbols = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let exported: BTreeSet<&str> = exported(&symbols).collect();
    let declared: BTreeSet<&str> = header.functions.iter().map(|function| function.name.as_str()).collect();
    if exported != declared {
        let difference: Vec<_> = exported.symmetric_difference(&declared).collect();
        return Err(format!("in one of symbols.txt and the header: {difference:?}").into());
    }
    let with_fields = header.types.iter().filter(|type_| !type_.fields.is_empty()).count();
    let structs = text.lines().filter(|line| line.starts_with("typedef struct ") && line.ends_with('{')).count();
    assert_eq!(with_fields, structs);
    assert_eq!(header.types.len(), text.matches("\ntypedef ").count());
    assert!(!header.guide.is_empty() && header.constants.contains("TRRO_STATUS_OK"));
    Ok(())
}

/// The names in tests/abi/symbols.txt.
fn exported(symbols: &str) -> impl Iterator<Item = &str> {
    symbols.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// By what the library exports, whatever was found in the header.
fn every_function_has_a_page(folder: &Path) -> Result<(), Failed> {
    let symbols = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let page = |name: &str| folder.join(format!("man/man3/{name}.3"));
    none_of(exported(&symbols).filter(|name| !page(name).is_file()).map(str::to_owned).collect())
}

/// Text by which pages and comments can be compared: nothing of how it is laid out.
fn bare(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != '`').collect()
}

/// What a page lacks of some text. Paragraphs are compared as a whole, so that a word that is lost shows as well.
struct Page {
    name: String,
    text: String,
    words: BTreeSet<String>,
}

impl Page {
    fn new(name: &str, text: &str) -> Page {
        let words = words(text).into_iter().map(str::to_owned).collect();
        Page { name: name.to_owned(), text: bare(text), words }
    }

    /// A manual page as people read it.
    fn manual(folder: &Path, name: &str, volume: u8) -> Result<Page, Failed> {
        let path = folder.join(format!("man/man{volume}/{name}.{volume}"));
        if !path.is_file() {
            return Ok(Page::new(&format!("{name}.{volume}, which is not there,"), ""));
        }
        let mut mandoc = Command::new("mandoc");
        let text = support::run(mandoc.args(["-T", "utf8"]).arg(path))?;
        // A bold letter is that letter, a backspace, and the letter again; an underlined one comes after its line.
        let mut letters: Vec<char> = Vec::with_capacity(text.len());
        for letter in text.chars() {
            if letter == '\u{8}' { letters.pop().map_or((), drop) } else { letters.push(letter) }
        }
        Ok(Page::new(&format!("{name}.{volume}"), &letters.into_iter().collect::<String>()))
    }

    fn html(name: &str, html: &str) -> Page {
        let mut text: String = html
            .split('<')
            .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
            .collect::<Vec<_>>()
            .join(" ");
        let entities =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#160;", " "), ("&amp;", "&")];
        for (entity, character) in entities {
            text = text.replace(entity, character);
        }
        Page::new(name, &text)
    }

    fn lack(&self, text: &str, gaps: &mut Vec<String>) {
        if !self.text.contains(&bare(text)) {
            gaps.push(format!("{} lacks: {text}", self.name));
        }
    }

    fn lack_word(&self, word: &str, gaps: &mut Vec<String>) {
        if !self.words.contains(word) {
            gaps.push(format!("{} does not name {word}", self.name));
        }
    }

    /// What it lacks of a comment. A list of statuses may come apart: each has its meaning beside it.
    fn lack_comment(&self, entry: &Entry, gaps: &mut Vec<String>) {
        if entry.comment.iter().all(|piece| piece.text.trim().is_empty()) {
            gaps.push(format!("{} has no comment", entry.name));
        }
        for piece in &entry.comment {
            if piece.tag == "@return" {
                let text = piece.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let parts = text.split("; ").flat_map(|part| part.split(". "));
                parts.for_each(|part| self.lack(part.trim_end_matches('.'), gaps));
            } else {
                self.lack(&piece.text, gaps);
            }
        }
    }
}

fn manual_gaps(header: &Header, folder: &Path) -> Result<Vec<String>, Failed> {
    let mut gaps = Vec::new();
    for function in &header.functions {
        let page = Page::manual(folder, &function.name, 3)?;
        page.lack_comment(function, &mut gaps);
        page.lack(&function.code, &mut gaps);
        SECTIONS.iter().for_each(|section| page.lack(section, &mut gaps));
        for piece in function.comment.iter().filter(|piece| piece.tag.starts_with("@par ")) {
            page.lack(&piece.tag["@par ".len()..].to_uppercase(), &mut gaps);
        }
        function_gaps(header, function, &page, &mut gaps);
    }
    for type_ in &header.types {
        let page = Page::manual(folder, &type_.name, 3)?;
        page.lack_comment(type_, &mut gaps);
        for field in &type_.fields {
            page.lack(&format!("{};", field.code), &mut gaps);
            page.lack_comment(field, &mut gaps);
        }
    }
    let guide = Page::manual(folder, "trro", 7)?;
    header.guide.iter().for_each(|piece| guide.lack(&piece.text, &mut gaps));
    overview_gaps(header, &Page::manual(folder, "trro", 3)?, &mut gaps);
    Ok(gaps)
}

/// What has to be on the page of a function though its comment may not say so.
fn function_gaps(header: &Header, function: &Entry, page: &Page, gaps: &mut Vec<String>) {
    for parameter in function.parameters() {
        if function.section(&format!("@param {parameter}")).is_none_or(str::is_empty) {
            gaps.push(format!("{}: nothing is said of {parameter}", function.name));
        }
    }
    if !function.code.starts_with("void ") && function.section("@return").is_none() {
        gaps.push(format!("{}: nothing is said of what it returns", function.name));
    }
    if function.section("@since").is_none() {
        gaps.push(format!("{}: nothing is said of since when it is there", function.name));
    }
    if function.section("@par Action").is_some_and(|action| !action.contains("https://")) {
        gaps.push(format!("{}: its action has no link", function.name));
    }
    for type_ in header.reach(function) {
        type_.fields.iter().for_each(|field| page.lack_word(&field.name, gaps));
    }
}

/// What has to be in one place, with everything.
fn overview_gaps(header: &Header, page: &Page, gaps: &mut Vec<String>) {
    let named = header.functions.iter().chain(&header.types).map(|entry| &entry.name).chain(&header.constants);
    named.for_each(|name| page.lack_word(name, gaps));
    for constant in header.constants.iter().filter(|name| !name.ends_with("_INIT")) {
        if !header.commented_constants.iter().any(|entry| entry.name == *constant) {
            gaps.push(format!("{constant} has no comment"));
        }
    }
    header.commented_constants.iter().for_each(|constant| page.lack_comment(constant, gaps));
}

fn html_gaps(header: &Header, folder: &Path) -> Result<Vec<String>, Failed> {
    let mut gaps = Vec::new();
    let read = |name: &str| fs::read_to_string(folder.join("html").join(name)).unwrap_or_default();
    let file = read("trro_8h.html");
    for function in &header.functions {
        let (_, entry) = file.split_once(&format!(">{}()</h2>", function.name)).unwrap_or_default();
        let page = Page::html(&format!("the HTML of {}", function.name), entry.split("<h2 ").next().unwrap());
        page.lack_comment(function, &mut gaps);
        function.parameters().iter().for_each(|parameter| page.lack_word(parameter, &mut gaps));
    }
    let file = Page::html("trro_8h.html", &file);
    for type_ in &header.types {
        let of_struct = read(&format!("struct{}.html", type_.name.replace('_', "__")));
        let of_struct = Page::html(&format!("the HTML of {}", type_.name), &of_struct);
        let page = if type_.fields.is_empty() { &file } else { &of_struct };
        page.lack_comment(type_, &mut gaps);
        for field in &type_.fields {
            page.lack_word(&field.name, &mut gaps);
            page.lack_comment(field, &mut gaps);
        }
    }
    overview_gaps(header, &file, &mut gaps);
    let index = Page::html("index.html", &read("index.html"));
    header.guide.iter().for_each(|piece| index.lack(&piece.text, &mut gaps));
    header.functions.iter().for_each(|function| index.lack_word(&function.name, &mut gaps));
    Ok(gaps)
}

/// Every page, that of trro-status as well.
fn pages(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut pages = vec![support::root().join("docs/man/trro-status.1")];
    for volume in ["man3", "man7"] {
        for entry in fs::read_dir(folder.join("man").join(volume))? {
            pages.push(entry?.path());
        }
    }
    Ok(pages)
}

fn mandoc_finds_no_fault(folder: &Path) -> Result<(), Failed> {
    support::run(Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(pages(folder)?)).map(drop)
}

/// As `man -l` shows a page; groff's warnings do not change how man ends.
fn man_finds_no_fault(folder: &Path) -> Outcome {
    if support::find_tool("groff").is_none() {
        return support::missing("groff is not installed");
    }
    support::with_tool("man", |man| {
        let mut man = Command::new(man);
        man.args(["--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"]).args(pages(folder)?).env("MANWIDTH", "80");
        let output = man.output()?;
        let warnings = String::from_utf8_lossy(&output.stderr);
        if output.status.success() && warnings.is_empty() { Ok(()) } else { Err(warnings.into_owned().into()) }
    })
}

/// A function and a field, each without its comment: doxygen ends the build, and without that the checks above find both.
fn what_lacks_a_comment_is_noticed() -> Result<(), Failed> {
    let text = fs::read_to_string(header_file())?;
    let header = Header::parse(&text);
    let function = &header.functions[header.functions.len() / 2];
    let type_ = header.types.iter().find(|type_| type_.fields.len() > 2).ok_or("no struct")?;
    let field = &type_.fields[1];
    let folder = support::scratch("reference-mutilated-header");
    let mutilated = folder.join("trro.h");
    let without_field = without_comment(&text, &format!("{};\n", field.code));
    fs::write(&mutilated, without_comment(&without_field, &function.code))?;

    let warned = make(&mutilated, "reference-mutilated", "YES").err().ok_or("doxygen warns of nothing")?;
    let warned = warned.message().unwrap_or_default().to_owned();
    let folder = make(&mutilated, "reference-mutilated", "NO")?;
    for gaps in [manual_gaps(&header, &folder)?, html_gaps(&header, &folder)?] {
        for name in [&function.name, &type_.name] {
            if !gaps.iter().any(|gap| gap.contains(name.as_str()) && gap.contains("lacks")) {
                return Err(format!("that {name} lacks a comment is not among {gaps:?}").into());
            }
        }
    }
    if warned.contains(&function.name) && warned.contains(&field.name) {
        Ok(())
    } else {
        Err(format!("of {} and {} doxygen says {warned}", function.name, field.name).into())
    }
}

/// The header without the comment before this code.
fn without_comment(text: &str, code: &str) -> String {
    let at = text.find(&format!("*/\n{code}")).or(text.find(&format!("*/\n    {code}"))).unwrap();
    let begins = text[..at].rfind("/**").unwrap();
    text[..begins].to_owned() + &text[at + "*/".len()..]
}
