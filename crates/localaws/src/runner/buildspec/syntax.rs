//! Messages for text that is not valid YAML: what is wrong, and what to do.

use granit_parser::{ErrorKind, ScanError};

const INDENTATION: &str =
    "the indentation does not fit the lines above: the keys of a mapping, and the items of a list, begin in the same column";
const TAB: &str = "a tab stands where YAML takes spaces only";
const BRACKET: &str = "a `[` or `{` is not closed, or closed by another: quote text that begins with one";
const COLON: &str = "a `: ` stands where none may: quote text that has it, or write it after `|`; or the line above has no space after its `:`, or \
                     is indented otherwise";
const BLOCK: &str = "`|` or `>` begins a text of several lines, and something follows it: quote text that begins with one";
const NAME: &str = "`&` or `*` has no name after it: quote text that begins with one";
const TAG: &str = "`!` begins a tag, and this is none: quote text that begins with one";
const ESCAPE: &str = "a `\\` within double quotes begins no escape that YAML knows: write `\\\\`, or use single quotes";
const AFTER_QUOTE: &str = "something follows a closing quote: quote the whole text, or write it after `|`";
const COMMENT: &str = "a comment stands within a text, or without a space before its `#`";

/// The rule that a text breaks. For rare errors, the parser's own message.
pub(super) fn rule(error: &ScanError) -> String {
    let known = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::InvalidBlockEntryWhitespace => TAB,
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEofBlockSequence => INDENTATION,
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofImplicitFlowMapping => BRACKET,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => COLON,
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => "a line among keys has no `: `: write `key: value`",
        ErrorKind::UnclosedQuotedScalar => {
            "a quote is opened here and not closed: write the closing quote, or put a text with quotes in it after `|`"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => AFTER_QUOTE,
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape | ErrorKind::InvalidUnicodeEscape => ESCAPE,
        ErrorKind::UnknownAnchor => "`*` begins the name of an anchor, and there is none of this name: quote text that begins with `*`",
        ErrorKind::CommentNotSeparated | ErrorKind::CommentInterceptedScalar => COMMENT,
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => BLOCK,
        ErrorKind::MissingAnchorOrAliasName => NAME,
        ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::InvalidTagEscape
        | ErrorKind::UndeclaredTagHandle => TAG,
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            return format!("the control character `{}` stands there: remove it", character.escape_default());
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("text does not begin with `{}`: quote it", character.escape_default());
        }
        _ => return error.info().clone(),
    };
    known.to_owned()
}
