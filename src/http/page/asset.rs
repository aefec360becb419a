//! Style, script and icons, under addresses that change with their content, so that browsers can cache them for ever.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

pub(super) const STYLE: &str = include_str!("style.css");
pub(super) const SCRIPT: &str = include_str!("script.js");
/// The script that only jobs' pages have.
pub(super) const JOB_SCRIPT: &str = include_str!("job.js");
/// The icon. Its colour shows whether branches fail.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 10.6h14l-2.4 3.4H3.2z" fill="FILL" stroke="STROKE"/><path d="M2.6 8.6 14 3.2v5.4z" fill="#4db3c8"/></svg>"##;

/// A file that pages refer to.
#[derive(Debug)]
pub(super) struct Asset {
    /// Such as `/assets/style-4f2a91c0.css`.
    pub(super) address: String,
    pub(super) kind: &'static str,
    pub(super) content: String,
}

/// All assets.
#[derive(Debug)]
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) job_script: Asset,
    pub(super) icon: Asset,
    pub(super) icon_failing: Asset,
    pub(super) icon_hollow: Asset,
}

impl Assets {
    /// The assets of this program.
    pub(super) fn get() -> &'static Self {
        static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
            let icon =
                |fill: &str, stroke: &str| asset("icon", "svg", "image/svg+xml", ICON.replace("FILL", fill).replace("STROKE", stroke));
            Assets {
                style: asset("style", "css", "text/css; charset=utf-8", STYLE.to_owned()),
                script: asset("script", "js", "text/javascript; charset=utf-8", SCRIPT.to_owned()),
                job_script: asset("job", "js", "text/javascript; charset=utf-8", JOB_SCRIPT.to_owned()),
                icon: icon("#0f6a7e", "#0f6a7e"),
                icon_failing: icon("#c8382f", "#c8382f"),
                icon_hollow: icon("none", "#828d90"),
            }
        });
        &ASSETS
    }

    pub(super) fn all(&self) -> [&Asset; 6] {
        [&self.style, &self.script, &self.job_script, &self.icon, &self.icon_failing, &self.icon_hollow]
    }

    /// The asset of this name below `/assets/`.
    pub(super) fn find(&self, name: &str) -> Option<&Asset> {
        self.all().into_iter().find(|asset| asset.address.strip_prefix("/assets/") == Some(name))
    }
}

fn asset(name: &str, extension: &str, kind: &'static str, content: String) -> Asset {
    let hash = hash(content.as_bytes());
    Asset { address: format!("/assets/{name}-{hash}.{extension}"), kind, content }
}

/// A hash of the content: sixteen hexadecimal digits.
pub(super) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let first = digest.iter().take(8).fold(0_u64, |first, byte| first << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_stay_small_and_each_is_found_by_its_own_address() {
        assert!(SCRIPT.len() < 8 * 1024, "the script has {} bytes", SCRIPT.len());
        assert!(JOB_SCRIPT.len() < 3 * 1024, "a job's script has {} bytes", JOB_SCRIPT.len());
        assert!(STYLE.len() < 20 * 1024, "the style has {} bytes", STYLE.len());
        let assets = Assets::get();
        for asset in assets.all() {
            let name = asset.address.strip_prefix("/assets/").unwrap_or_default();
            assert_eq!(assets.find(name).map(|found| &found.content), Some(&asset.content), "{name}");
        }
        assert!(assets.find("style.css").is_none() && assets.find("").is_none());
    }
}
