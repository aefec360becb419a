//! The message group of a job: on a FIFO queue by the job's group, on a standard queue by its tenant, for fair queues.

use serde_json::Value;

use super::{Place, is_group_id};
use crate::job::{SourceUrl, Tenant, policy};

/// The group and deduplication id of a message with this body. `unique`: an id that no other message has. The same body sent twice is two
/// messages, as on a standard queue: the daemon recognises a repeat by the job's id, and a corrected job may follow a rejected one at once.
pub fn place(body: &str, is_fifo: bool, unique: String) -> Place {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let key = text(&body["group"]["key"]).filter(|key| is_fifo && is_group_id(key));
    let named = || text(&body["tenant"]).filter(|tenant| Tenant::parse(tenant).is_ok());
    let default = || Some(policy::tenant(&SourceUrl::parse(body["source"]["url"].as_str()?).ok()?).to_string());
    // A cancellation must not wait for the job that it cancels.
    let group = if body.get("cancel").is_some() { None } else { key.or_else(named).or_else(default) };
    Place { group: group.unwrap_or_else(|| unique.clone()), deduplication: unique }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn jobs_go_to_their_groups_and_tenants_and_cancellations_to_nobodys() {
        let url = r#""source": { "url": "https://github.com/acme/app" }"#;
        for (body, fifo, standard) in [
            (format!("{{ {url} }}"), "github.com-acme", "github.com-acme"),
            (format!(r#"{{ {url}, "tenant": "team-a" }}"#), "team-a", "team-a"),
            (format!(r#"{{ {url}, "tenant": "team-a", "group": {{ "key": "acme/app@main" }} }}"#), "acme/app@main", "team-a"),
            (format!(r#"{{ {url}, "group": {{ "key": "two words" }} }}"#), "github.com-acme", "github.com-acme"),
            (r#"{ "version": 1, "cancel": "app-1", "tenant": "team-a" }"#.to_owned(), "new", "new"),
            ("not JSON".to_owned(), "new", "new"),
        ] {
            for (is_fifo, group) in [(true, fifo), (false, standard)] {
                let place = place(&body, is_fifo, "new".to_owned());
                assert_eq!((place.group.as_str(), place.deduplication.as_str()), (group, "new"), "{body}");
            }
        }
    }
}
