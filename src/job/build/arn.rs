//! A build's ARN, without what it repeats.

use super::Word;

/// A build's ARN. All that CodeBuild has given so far ended with the build's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arn {
    /// What stands before the id.
    BeforeId(Word),
    Whole(Box<str>),
}

impl Arn {
    /// The ARN of the build with this id.
    pub fn of(arn: &str, id: &str) -> Self {
        arn.strip_suffix(id).map_or_else(|| Self::Whole(arn.into()), |head| Self::BeforeId(Word::of_account(head)))
    }

    /// The whole ARN of the build with this id.
    pub fn whole(&self, id: &str) -> String {
        match self {
            Self::BeforeId(head) => format!("{head}{id}"),
            Self::Whole(arn) => arn.to_string(),
        }
    }
}

impl Default for Arn {
    fn default() -> Self {
        Self::Whole("".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_is_as_codebuild_gave_it() {
        for arn in ["arn:aws:codebuild:eu-west-1:123456789012:build/flex:u-1", "arn:of:something-else", ""] {
            assert_eq!(Arn::of(arn, "flex:u-1").whole("flex:u-1"), arn);
        }
    }
}
