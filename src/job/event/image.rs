//! The images that a build reports as pushed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::build::Build;

/// The exported variable in which a build lists the images that it has pushed.
pub const RESULT_VARIABLE: &str = "SLIPWAY_RESULT";

/// An image that was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageResult {
    /// Registry, repository and tag.
    pub reference: String,
    /// `sha256:…`; absent if the build does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub digest: Option<String>,
}

/// The images that a build reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageResults {
    pub images: Vec<ImageResult>,
    /// Whether the report cannot be read.
    pub malformed: bool,
}

/// More than a job can ask for, with all tags.
const MAX_IMAGES: usize = 160;

/// Reads a build's `SLIPWAY_RESULT`: `[{"reference": …, "digest": …}]`, or an object with that list as `images`. A build may write anything
/// there, so an invalid reference or digest makes the whole report malformed.
pub fn image_results(build: &Build) -> ImageResults {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        List(Vec<ImageResult>),
        Object { images: Vec<ImageResult> },
    }
    let Some(text) = build.exported.get(RESULT_VARIABLE).map(|text| text.trim()).filter(|text| !text.is_empty()) else {
        return ImageResults::default();
    };
    match serde_json::from_str(text) {
        Ok(Shape::List(images) | Shape::Object { images })
            if images.len() <= MAX_IMAGES && images.iter().all(ImageResult::is_plausible) =>
        {
            ImageResults { images, malformed: false }
        }
        _ => ImageResults { images: Vec::new(), malformed: true },
    }
}

impl ImageResult {
    fn is_plausible(&self) -> bool {
        let reference = (1..=1_024).contains(&self.reference.len()) && self.reference.bytes().all(|byte| byte.is_ascii_graphic());
        let digest = self.digest.as_deref().is_none_or(|digest| {
            digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        });
        reference && digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_images_are_read_in_both_shapes_and_invalid_ones_are_refused() {
        let digest = format!("sha256:{}", "a1".repeat(32));
        let image = format!(r#"{{"reference":"r/app:1","digest":"{digest}","extra":1}}"#);
        let read = |text: &str| image_results(&Build { exported: [(RESULT_VARIABLE.into(), text.into())].into(), ..Build::default() });
        for text in [format!("[{image}]"), format!("{{\"images\":[{image}]}}\n")] {
            let expected = ImageResult { reference: "r/app:1".into(), digest: Some(digest.clone()) };
            assert_eq!(read(&text), ImageResults { images: vec![expected], malformed: false }, "{text}");
        }
        assert_eq!(read(r#"[{"reference":"a"}]"#).images[0].digest, None);
        for text in ["", " ", "[]"] {
            assert_eq!(read(text), ImageResults::default(), "{text:?}");
        }
        let many = format!("[{}]", vec![image.as_str(); 161].join(","));
        for text in
            ["x", "{}", "null", "[1]", r#"[{"reference":""}]"#, r#"[{"reference":"a\nb"}]"#, r#"[{"reference":"a","digest":"b"}]"#, &many]
        {
            assert_eq!(read(text), ImageResults { images: vec![], malformed: true }, "{text:?}");
        }
        assert_eq!(image_results(&Build::default()), ImageResults::default());
    }
}
