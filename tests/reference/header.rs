//! The header, read for what the reference has to say: without doxygen, so that what that loses shows.

use std::collections::BTreeSet;

/// What a comment stands before.
pub struct Entry {
    pub name: String,
    /// The declaration, without the comment; of a struct only its first line.
    pub code: String,
    pub comment: Vec<Piece>,
    /// Of a struct.
    pub fields: Vec<Entry>,
}

/// A paragraph of a comment, or what belongs to a tag.
#[derive(Clone)]
pub struct Piece {
    /// "@param", "@par Threads" and their like; "": none.
    pub tag: String,
    pub text: String,
}

#[derive(Default)]
pub struct Header {
    pub guide: Vec<Piece>,
    pub functions: Vec<Entry>,
    pub types: Vec<Entry>,
    /// The names of all macros, and those that have a comment.
    pub constants: BTreeSet<String>,
    pub commented_constants: Vec<Entry>,
}

impl Header {
    pub fn parse(text: &str) -> Header {
        let mut header = Header::default();
        let mut inside_struct = false;
        for block in text.split("/**").skip(1) {
            let (comment, code) = block.split_once("*/").unwrap();
            let (comment, code) = (pieces(comment), code.trim_start());
            let declaration = code.split([';', '{']).next().unwrap().trim().to_owned();
            let entry = |name: &str| {
                let (name, code) = (name.to_owned(), declaration.clone());
                Entry { name, code, comment: comment.clone(), fields: Vec::new() }
            };
            if inside_struct {
                let field = declaration.split('[').next().unwrap();
                header.types.last_mut().unwrap().fields.push(entry(last_word(field)));
                inside_struct = !code.contains("\n}");
            } else if let Some(macro_) = code.strip_prefix("#define ") {
                header.commented_constants.push(entry(first_word(macro_)));
            } else if code.starts_with("#ifndef") {
                header.guide = comment;
            } else if declaration.starts_with("typedef") {
                let name = declaration.split_once("(*").map_or(last_word(&declaration), |(_, rest)| first_word(rest));
                header.types.push(entry(name));
                inside_struct = code[declaration.len()..].trim_start().starts_with('{');
            } else if let Some((head, _)) = declaration.split_once('(') {
                header.functions.push(entry(last_word(head)));
            }
        }
        let defined = text.lines().filter_map(|line| line.strip_prefix("#define TRRO_"));
        header.constants = defined.map(|rest| format!("TRRO_{}", first_word(rest))).collect();
        header
    }

    /// The types that an entry takes or gives, and what these consist of.
    pub fn reach(&self, entry: &Entry) -> Vec<&Entry> {
        let mut found: Vec<&Entry> = Vec::new();
        let mut ahead: Vec<&Entry> = vec![entry];
        while let Some(entry) = ahead.pop() {
            for code in entry.fields.iter().map(|field| &field.code).chain([&entry.code]) {
                let named = words(code);
                for type_ in self.types.iter().filter(|type_| named.contains(type_.name.as_str())) {
                    if type_.name != entry.name && !found.iter().any(|known| known.name == type_.name) {
                        found.push(type_);
                        ahead.push(type_);
                    }
                }
            }
        }
        found
    }
}

impl Entry {
    /// The names of a function's parameters.
    pub fn parameters(&self) -> Vec<&str> {
        let (_, parameters) = self.code.split_once('(').unwrap_or_default();
        let names = parameters.trim_end_matches(')').split(',').map(last_word);
        names.filter(|name| *name != "void").collect()
    }

    pub fn section(&self, tag: &str) -> Option<&str> {
        self.comment.iter().find(|piece| piece.tag == tag).map(|piece| piece.text.as_str())
    }
}

fn is_separator(character: char) -> bool {
    !character.is_ascii_alphanumeric() && character != '_'
}

pub fn words(text: &str) -> BTreeSet<&str> {
    text.split(is_separator).filter(|word| !word.is_empty()).collect()
}

fn first_word(text: &str) -> &str {
    text.split(is_separator).next().unwrap()
}

fn last_word(text: &str) -> &str {
    text.trim_end().rsplit(is_separator).next().unwrap()
}

fn pieces(comment: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut is_new = true;
    for line in comment.lines() {
        let line = line.trim().trim_start_matches('*').trim();
        let (tag, text) = match line.split_once(' ') {
            Some(("@par", title)) => (format!("@par {title}"), ""),
            Some(("@param", rest)) => {
                rest.trim().split_once(' ').map_or((line.into(), ""), |(name, text)| (format!("@param {name}"), text))
            }
            Some((tag, text)) if tag.starts_with('@') => (tag.to_owned(), text),
            None if line.starts_with('@') => (line.to_owned(), ""),
            _ => (String::new(), line),
        };
        if !tag.is_empty() || is_new && !line.is_empty() {
            // The name of the file is no text, and code follows upon its tag as a paragraph.
            let text = if tag == "@file" { "" } else { text };
            pieces.push(Piece { tag, text: text.to_owned() });
        } else if let Some(piece) = pieces.last_mut() {
            piece.text += "\n";
            piece.text += text;
        }
        is_new = line.is_empty();
    }
    pieces
}
