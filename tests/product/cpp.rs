//! The headers of the vendor's SDKs are C++, and so the examples that a program with one of them begins with compile as C++.

use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::{NO_CJSON, Product, support};

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let test = |example| {
        let product = Arc::clone(product);
        Trial::ignorable_test(format!("{example}_compiles_as_cpp"), move || {
            if !product.programs.join(example).exists() {
                return support::missing(NO_CJSON);
            }
            support::with_tool("g++", |compiler| {
                let mut command = Command::new(compiler);
                command.args(["-x", "c++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"]);
                command.arg(support::root().join("include"));
                support::run(command.arg(support::root().join(format!("c-examples/{example}.c")))).map(drop)
            })
        })
    };
    ["field_device", "remote_device"].map(test).into()
}
