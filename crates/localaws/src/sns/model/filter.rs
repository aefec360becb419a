//! Filter policies, which choose the messages of a subscription.

mod cidr;

use serde_json::{Map, Value};

use self::cidr::Cidr;

/// SNS: the most keys of a policy.
const KEYS_MAX: usize = 5;
/// SNS: the largest product of the numbers of values of all keys.
const COMBINATIONS_MAX: usize = 150;

/// A policy: all keys must match, and of each `$or` one alternative.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    keys: Vec<(String, Branch)>,
    alternatives: Vec<Vec<Policy>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Branch {
    /// One of these must hold for the value.
    Leaf(Vec<Condition>),
    Nested(Policy),
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    /// None of these holds.
    AnythingBut(Vec<Condition>),
    Exists(bool),
    /// All of these comparisons hold.
    Numeric(Vec<(Comparison, f64)>),
    /// The value is an address in this block.
    Cidr(Cidr),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Policy {
    /// Reads a policy. Only policies for bodies may be `nested`.
    ///
    /// # Errors
    /// What is wrong with the policy.
    pub(crate) fn parse(text: &str, nested: bool) -> Result<Self, String> {
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err("failed to parse JSON.".to_owned());
        };
        let policy = Self::read(&policy, nested)?;
        if policy.key_count() > KEYS_MAX {
            return Err("Filter policy can not have more than 5 keys".to_owned());
        }
        if policy.combinations() > COMBINATIONS_MAX {
            return Err("Filter policy is too complex".to_owned());
        }
        Ok(policy)
    }

    fn read(policy: &Map<String, Value>, nested: bool) -> Result<Self, String> {
        let mut read = Self { keys: Vec::new(), alternatives: Vec::new() };
        for (key, value) in policy {
            match value {
                Value::Array(alternatives) if key == "$or" && alternatives.len() >= 2 && alternatives.iter().all(Value::is_object) => {
                    let alternatives = alternatives.iter().filter_map(Value::as_object);
                    read.alternatives.push(alternatives.map(|policy| Self::read(policy, nested)).collect::<Result<_, _>>()?);
                }
                Value::Array(conditions) if conditions.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
                Value::Array(conditions) => {
                    let conditions = conditions.iter().map(Condition::read).collect::<Result<_, _>>()?;
                    read.keys.push((key.clone(), Branch::Leaf(conditions)));
                }
                Value::Object(inner) if !inner.is_empty() => {
                    if !nested {
                        return Err("Filter policy scope MessageAttributes does not support nested filter policy".to_owned());
                    }
                    read.keys.push((key.clone(), Branch::Nested(Self::read(inner, nested)?)));
                }
                _ => return Err(format!("\"{key}\" must be an object or an array")),
            }
        }
        Ok(read)
    }

    fn key_count(&self) -> usize {
        let keys = self.keys.iter().map(|(_, branch)| match branch {
            Branch::Leaf(_) => 1,
            Branch::Nested(policy) => policy.key_count(),
        });
        keys.sum::<usize>() + self.alternatives.iter().flatten().map(Self::key_count).sum::<usize>()
    }

    fn combinations(&self) -> usize {
        let keys = self.keys.iter().map(|(_, branch)| match branch {
            Branch::Leaf(conditions) => conditions.len(),
            Branch::Nested(policy) => policy.combinations(),
        });
        let alternatives = self.alternatives.iter().map(|policies| policies.iter().map(Self::combinations).sum::<usize>());
        keys.chain(alternatives).fold(1, usize::saturating_mul)
    }

    /// Whether a body, or the attributes as an object, match.
    pub(crate) fn matches(&self, message: &Map<String, Value>) -> bool {
        let keys = self.keys.iter().all(|(key, branch)| match (branch, message.get(key)) {
            (Branch::Leaf(conditions), value) => conditions.iter().any(|condition| condition.holds_for(value)),
            (Branch::Nested(policy), Some(Value::Object(inner))) => policy.matches(inner),
            (Branch::Nested(policy), Some(Value::Array(inner))) => {
                inner.iter().filter_map(Value::as_object).any(|inner| policy.matches(inner))
            }
            // The value is missing, which the policy may demand.
            (Branch::Nested(policy), _) => policy.matches(&Map::new()),
        });
        keys && self.alternatives.iter().all(|policies| policies.iter().any(|policy| policy.matches(message)))
    }
}

impl Condition {
    fn read(condition: &Value) -> Result<Self, String> {
        let Value::Object(operator) = condition else {
            return match condition {
                Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
                plain => Ok(Self::Equals(plain.clone())),
            };
        };
        let mut operators = operator.iter();
        let (Some((name, operand)), None) = (operators.next(), operators.next()) else {
            return Err("Only one key allowed in match expression".to_owned());
        };
        let text = || match operand.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(format!("{name} match pattern must be a string")),
        };
        match name.as_str() {
            "prefix" => Ok(Self::Prefix(text()?)),
            "suffix" => Ok(Self::Suffix(text()?)),
            "equals-ignore-case" => Ok(Self::EqualsIgnoreCase(text()?)),
            "exists" => operand.as_bool().map(Self::Exists).ok_or_else(|| "exists match pattern must be either true or false.".to_owned()),
            "cidr" => Cidr::parse(&text()?).map(Self::Cidr),
            "numeric" => numeric(operand).map(Self::Numeric),
            "anything-but" => anything_but(operand).map(Self::AnythingBut),
            other => Err(format!("Unrecognized match type {other}")),
        }
    }

    /// Whether the condition holds for a value or for its absence. For a list: whether it holds for one of the members.
    fn holds_for(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => *wanted == value.is_some(),
            (_, None | Some(Value::Object(_))) => false,
            (_, Some(Value::Array(members))) => members.iter().any(|member| self.holds_for(Some(member))),
            (_, Some(value)) => self.holds(value),
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => match (wanted.as_f64(), value.as_f64()) {
                (Some(wanted), Some(value)) => same(wanted, value),
                _ => wanted == value,
            },
            Self::EqualsIgnoreCase(wanted) => value.as_str().is_some_and(|text| text.to_lowercase() == wanted.to_lowercase()),
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => value.as_str().is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(conditions) => !conditions.iter().any(|condition| condition.holds(value)),
            Self::Numeric(comparisons) => {
                value.as_f64().is_some_and(|number| comparisons.iter().all(|comparison| compare(number, *comparison)))
            }
            Self::Cidr(block) => value.as_str().is_some_and(|address| block.contains(address)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

/// SNS compares numbers to five decimal places.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.000_005
}

fn compare(number: f64, (comparison, bound): (Comparison, f64)) -> bool {
    match comparison {
        Comparison::Equal => same(number, bound),
        Comparison::Less => number < bound,
        Comparison::LessOrEqual => number <= bound,
        Comparison::Greater => number > bound,
        Comparison::GreaterOrEqual => number >= bound,
    }
}

/// Reads `[">", 0, "<=", 100]`, or one comparison.
fn numeric(operand: &Value) -> Result<Vec<(Comparison, f64)>, String> {
    let parts = operand.as_array().filter(|parts| parts.len() == 2 || parts.len() == 4);
    let parts = parts.ok_or("Value of numeric must be an array of one or two comparisons")?;
    let mut comparisons = Vec::new();
    for pair in parts.chunks_exact(2) {
        let comparison = match pair[0].as_str() {
            Some("=") => Comparison::Equal,
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::LessOrEqual,
            Some(">") => Comparison::Greater,
            Some(">=") => Comparison::GreaterOrEqual,
            _ => return Err(format!("Unrecognized numeric range operator: {}", pair[0])),
        };
        let bound = pair[1].as_f64().ok_or_else(|| format!("Value of {} must be numeric", pair[0]))?;
        comparisons.push((comparison, bound));
    }
    if let [(low, from), (high, to)] = comparisons[..] {
        let rising = matches!(low, Comparison::Greater | Comparison::GreaterOrEqual);
        if !rising || !matches!(high, Comparison::Less | Comparison::LessOrEqual) || from >= to {
            return Err("Bottom must be less than top".to_owned());
        }
    }
    Ok(comparisons)
}

/// Reads values, or one `prefix`, `suffix` or `equals-ignore-case` with a string or several.
fn anything_but(operand: &Value) -> Result<Vec<Condition>, String> {
    match operand {
        Value::Object(operator) => {
            let Some((name, of)) = operator.iter().next().filter(|_| operator.len() == 1) else {
                return Err("Only one key allowed in match expression".to_owned());
            };
            if !matches!(name.as_str(), "prefix" | "suffix" | "equals-ignore-case") {
                return Err(format!("Unsupported anything-but pattern: {name}"));
            }
            let each = of.as_array().map_or_else(|| vec![of.clone()], Clone::clone);
            each.into_iter().map(|of| Condition::read(&Value::Object(Map::from_iter([(name.clone(), of)])))).collect()
        }
        Value::Array(values) if values.is_empty() => Err("Empty arrays are not allowed".to_owned()),
        Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
            Err("Inside anything-but list, values must be strings or numbers".to_owned())
        }
        Value::Array(values) => Ok(values.iter().cloned().map(Condition::Equals).collect()),
        value => Ok(vec![Condition::Equals(value.clone())]),
    }
}

#[cfg(test)]
mod tests;
