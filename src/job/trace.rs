//! The sender's trace: a W3C `traceparent`, or AWS's trace header converted to one.

/// The trace to continue. Invalid values are ignored.
pub fn traceparent(traceparent: Option<&String>, trace_header: Option<&String>) -> Option<String> {
    traceparent.filter(|value| is_traceparent(value)).cloned().or_else(|| from_aws(trace_header?))
}

fn is_traceparent(value: &str) -> bool {
    let parts: Vec<_> = value.split('-').collect();
    matches!(parts[..], ["00", trace, parent, flags] if is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2))
}

/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`
fn from_aws(header: &str) -> Option<String> {
    let field = |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let trace: String = field("Root")?.strip_prefix("1-")?.split('-').collect();
    let parent = field("Parent")?;
    let flags = if field("Sampled") == Some("1") { "01" } else { "00" };
    let value = format!("00-{trace}-{parent}-{flags}");
    is_traceparent(&value).then_some(value)
}

/// An id of zeros alone is invalid.
fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::traceparent;

    #[test]
    fn a_valid_trace_is_continued() {
        let w3c = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        let aws = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        for (parent, header, expected) in [
            (Some(w3c), None, Some(w3c)),
            (None, Some(aws), Some(w3c)),
            (Some("nonsense"), Some(aws), Some(w3c)),
            (Some("00-00000000000000000000000000000000-53995c3f42cd8ad8-01"), None, None),
            (None, Some("Root=1-5759e988"), None),
            (None, None, None),
        ] {
            let (parent, header) = (parent.map(str::to_owned), header.map(str::to_owned));
            assert_eq!(traceparent(parent.as_ref(), header.as_ref()).as_deref(), expected, "{parent:?} {header:?}");
        }
    }
}
