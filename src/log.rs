//! What the library tells people of its work: never a header, a key, a token or a signature. Uses nothing.

use std::fmt;

/// How much a message matters. The numbers are part of the public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed that a person has to mend.
    Error = 1,
    /// Something went wrong, and the library copes with it.
    Warning = 2,
    /// What happens seldom: a connection, a new key.
    Info = 3,
    /// Every request.
    Debug = 4,
}

/// Takes a message of one line.
pub type Sink = dyn Fn(Level, &str) + Send + Sync;

/// Where messages go.
#[derive(Default)]
pub struct Log {
    sink: Option<(Level, Box<Sink>)>,
}

impl Log {
    /// Gives `sink` what matters at least as much as `level`.
    pub fn new(level: Level, sink: Box<Sink>) -> Log {
        Log { sink: Some((level, sink)) }
    }

    /// Tells that something failed.
    pub fn error(&self, message: fmt::Arguments<'_>) {
        self.tell(Level::Error, message);
    }

    /// Tells that something went wrong and is coped with.
    pub fn warning(&self, message: fmt::Arguments<'_>) {
        self.tell(Level::Warning, message);
    }

    /// Tells what happens seldom.
    pub fn info(&self, message: fmt::Arguments<'_>) {
        self.tell(Level::Info, message);
    }

    /// Tells what happens at every request.
    pub fn debug(&self, message: fmt::Arguments<'_>) {
        self.tell(Level::Debug, message);
    }

    fn tell(&self, level: Level, message: fmt::Arguments<'_>) {
        match &self.sink {
            Some((most, sink)) if level <= *most => sink(level, &message.to_string()),
            _ => {}
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Log")
            .field("level", &self.sink.as_ref().map(|(level, _)| level))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn what_matters_less_than_the_level_is_not_told() {
        let (tell, told) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        let log = Log::new(
            Level::Info,
            Box::new(move |level, text| tell.lock().unwrap().send((level, text.to_owned())).unwrap()),
        );
        log.debug(format_args!("no"));
        log.info(format_args!("yes {}", 1));
        log.warning(format_args!("yes 2"));
        drop(log);
        let messages: Vec<_> = told.iter().collect();
        assert_eq!(messages, [(Level::Info, "yes 1".to_owned()), (Level::Warning, "yes 2".to_owned())]);
    }
}
