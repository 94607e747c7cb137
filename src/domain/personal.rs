//! What counts as personal data in a payload, and how it is masked on a shared screen.
//!
//! A field is recognised by its name, wherever it stands, so that fields nobody documented are covered too.

use super::json::Json;

/// A sort of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// An e-mail address, or the phone number that stands in its place: the first letter and the domain stay.
    Email,
    /// A name: initials stay.
    Name,
    /// An identity number, a bank account or a phone: the last two characters stay.
    Number,
    /// Everything else about a person: nothing stays.
    Secret,
}

/// Parts of field names, lower case, and what they mean. The first that fits decides.
const NAMES: &[(&str, Personal)] = &[
    ("email", Personal::Email),
    ("identification", Personal::Number),
    ("document", Personal::Number),
    ("account", Personal::Number),
    ("iban", Personal::Number),
    ("clabe", Personal::Number),
    ("cbu", Personal::Number),
    ("card", Personal::Number),
    ("phone", Personal::Number),
    ("mobile", Personal::Number),
    ("tax", Personal::Number),
    ("fullname", Personal::Name),
    ("firstname", Personal::Name),
    ("first_name", Personal::Name),
    ("lastname", Personal::Name),
    ("last_name", Personal::Name),
    ("beneficiary", Personal::Name),
    ("address", Personal::Secret),
    ("birth", Personal::Secret),
    ("zip", Personal::Secret),
    ("postal", Personal::Secret),
];

/// Names that contain one of the parts above and are no personal data.
const HARMLESS: &[&str] = &["excludedemailticketids", "identificationtype", "bank_account_type", "account_type"];

/// What the field of that name holds, if it is personal.
pub fn field(name: &str) -> Option<Personal> {
    let folded = name.to_lowercase();
    if HARMLESS.contains(&folded.as_str()) {
        return None;
    }
    NAMES.iter().find(|(part, _)| folded.contains(part)).map(|(_, personal)| *personal)
}

/// `text` with what names the person replaced by `•`.
pub fn mask(personal: Personal, text: &str) -> String {
    match personal {
        Personal::Email => address(text),
        Personal::Name => {
            let initials: Vec<String> = text
                .split_whitespace()
                .map(|word| word.chars().next().map_or(String::new(), |first| format!("{first}•••")))
                .collect();
            initials.join(" ")
        }
        Personal::Number => tail(text),
        Personal::Secret => "••••".to_owned(),
    }
}

/// Masks an e-mail address (`j•••@gmail.com`) or a phone number (`••••42`).
pub fn address(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}•••@{domain}")
        }
        None => tail(text),
    }
}

fn tail(text: &str) -> String {
    let length = text.chars().count();
    if length < 5 {
        return "••••".to_owned();
    }
    let last: String = text.chars().skip(length - 2).collect();
    format!("••••{last}")
}

/// The whole value with every personal field masked.
pub fn masked(json: &Json) -> Json {
    match json {
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let value = match field(name) {
                        Some(personal) => everything(personal, value),
                        None => masked(value),
                    };
                    (name.clone(), value)
                })
                .collect(),
        ),
        Json::Array(values) => Json::Array(values.iter().map(masked).collect()),
        other => other.clone(),
    }
}

fn everything(personal: Personal, value: &Json) -> Json {
    match value {
        Json::String(text) | Json::Number(text) => Json::String(mask(personal, text)),
        Json::Array(values) => Json::Array(values.iter().map(|value| everything(personal, value)).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), everything(personal, value))).collect())
        }
        Json::Null | Json::Bool(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_keeps_only_what_it_may() {
        assert_eq!(mask(Personal::Email, "susana@hotmail.com"), "s•••@hotmail.com");
        assert_eq!(mask(Personal::Email, "+5491155501234"), "••••34");
        assert_eq!(mask(Personal::Name, "Susana Kann"), "S••• K•••");
        assert_eq!(mask(Personal::Number, "014027000012345678"), "••••78");
        assert_eq!(mask(Personal::Number, "123"), "••••");
        assert_eq!(mask(Personal::Secret, "Main St 1"), "••••");
    }

    #[test]
    fn no_documented_personal_value_survives_masking() {
        let payload = r#"{"newOwnerEmail":"susana@hotmail.com","excludedEmailTicketIds":["5102"],"metadata":{"nominal":{"fullName":"Susana Kann",
            "identificationNumber":"1307009","identificationType":"DNI"},"seller":{"identification":9282712}},
            "userForm":{"beneficiary_name":"Maria","beneficiary_lastname":"Garcia","bank_account":"014027000012345678","bank_account_type":"checking"}}"#;
        let shown = masked(&Json::parse(payload.as_bytes()).unwrap()).to_string();
        for secret in ["susana@", "Kann", "1307009", "9282712", "Maria", "Garcia", "0140270000"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for kept in ["@hotmail.com", "DNI", "checking", "5102"] {
            assert!(shown.contains(kept), "no {kept} in {shown}");
        }
    }
}
