//! Checks one value by its rule. `None`: the value is missing or wrong, and its path has a fault if it must not be.

use std::{fmt::Display, time::Duration};

use bytesize::ByteSize;

use crate::config::document::Document;

impl Document {
    /// A text that must be set.
    pub(super) fn required(&mut self, path: &str, raw: Option<String>, rule: fn(&str) -> Result<(), &'static str>) -> Option<String> {
        if raw.is_none() {
            self.fault(path, "is missing");
        }
        self.optional(path, raw, rule)
    }

    /// A text that may be left out.
    pub(super) fn optional(&mut self, path: &str, raw: Option<String>, rule: fn(&str) -> Result<(), &'static str>) -> Option<String> {
        let text = raw?;
        match rule(&text) {
            Ok(()) => Some(text),
            Err(rule) => {
                self.fault(path, rule);
                None
            }
        }
    }

    /// A whole number between `least` and `most`.
    pub(super) fn number<T>(&mut self, path: &str, raw: Option<i64>, (least, most): (T, T)) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let Some(raw) = raw else {
            self.fault(path, "is missing");
            return None;
        };
        let number = T::try_from(raw).ok().filter(|number| (&least..=&most).contains(&number));
        if number.is_none() {
            self.fault(path, format!("must be {least} to {most}"));
        }
        number
    }

    /// A duration between `least` and `most`.
    pub(super) fn duration(&mut self, path: &str, text: &str, least: Duration, most: Duration) -> Option<Duration> {
        let Ok(duration) = humantime::parse_duration(text) else {
            self.fault(path, "must be a duration, like \"90s\", \"2m\" or \"1h30m\"");
            return None;
        };
        if (least..=most).contains(&duration) {
            return Some(duration);
        }
        self.fault(path, format!("must be {} to {}", humantime::format_duration(least), humantime::format_duration(most)));
        None
    }

    /// A duration in whole seconds, as SQS takes it, between `least` and `most`.
    pub(super) fn whole_seconds(&mut self, path: &str, text: &str, least: Duration, most: Duration) -> Option<Duration> {
        let duration = self.duration(path, text, least, most)?;
        if duration.subsec_nanos() == 0 {
            return Some(duration);
        }
        self.fault(path, "must be whole seconds");
        None
    }

    /// A number of bytes between `least` and `most`.
    pub(super) fn size(&mut self, path: &str, text: &str, (least, most): (&str, &str)) -> Option<usize> {
        let parse = |text: &str| text.parse::<ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
        let Some(size) = parse(text) else {
            self.fault(path, "must be a size, like \"32KiB\"");
            return None;
        };
        if parse(least).is_some_and(|least| size < least) || parse(most).is_some_and(|most| size > most) {
            self.fault(path, format!("must be {least} to {most}"));
            return None;
        }
        Some(size)
    }
}
