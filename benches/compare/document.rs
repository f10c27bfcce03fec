//! `docs/performance.md`: what is written by hand stays, what is between markers is replaced. Uses nothing.

use std::fs;
use std::path::PathBuf;

use libtest_mimic::Failed;

/// The page, read.
pub struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    pub fn read(path: PathBuf) -> Result<Document, Failed> {
        let text = fs::read_to_string(&path)?;
        Ok(Document { path, text })
    }

    /// Puts a text in place of what is between the markers of that name.
    pub fn replace(&mut self, name: &str, text: &str) -> Result<(), Failed> {
        let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
        let found = self.text.find(&begin).map(|at| at + begin.len()).zip(self.text.find(&end));
        let (from, to) =
            found.filter(|(from, to)| from <= to).ok_or_else(|| format!("there is no place for {name}"))?;
        self.text.replace_range(from..to, text);
        Ok(())
    }

    pub fn write(self) -> Result<(), Failed> {
        Ok(fs::write(self.path, self.text)?)
    }
}
