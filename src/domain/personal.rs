//! What counts as personal data in a payload, and how it is masked on a shared screen.
//!
//! A field is recognised by its name, wherever it stands, so that fields nobody documented are covered too. Where there
//! are no names, as in a reason or an error, addresses and long numbers are recognised by their looks.

use super::ids::DeliveryId;
use super::json::Json;

/// Digits in a row that may be a phone, an identity number or an account.
pub const MANY_DIGITS: usize = 7;

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

/// Names that contain one of the parts above, or stand in one of the objects below, and are no personal data.
const HARMLESS: &[&str] = &["excludedemailticketids", "identificationtype", "bank_account_type", "account_type"];

/// Objects in which everything else is about a person, whatever the names there: forms differ from country to country.
const ABOUT_PERSONS: &[&str] = &["nominal", "payer", "seller", "userform"];

/// What a name says of the value under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Not personal, wherever it stands.
    Harmless,
    /// Personal.
    Personal(Personal),
    /// It is an object about a person.
    AboutPerson,
    /// Nothing.
    Nothing,
}

/// What the name of a field says.
pub fn says(name: &str) -> Says {
    let folded = name.to_lowercase();
    match field(name) {
        _ if HARMLESS.contains(&folded.as_str()) => Says::Harmless,
        Some(personal) => Says::Personal(personal),
        None if ABOUT_PERSONS.contains(&folded.as_str()) => Says::AboutPerson,
        None => Says::Nothing,
    }
}

/// What the field of that name holds, if it is personal.
pub fn field(name: &str) -> Option<Personal> {
    let folded = name.to_lowercase();
    if HARMLESS.contains(&folded.as_str()) {
        return None;
    }
    NAMES.iter().find(|(part, _)| folded.contains(part)).map(|(_, personal)| *personal)
}

/// A text that was blanked.
pub fn is_stars(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// `text` with what names the person replaced by `•`. Stars name nobody.
pub fn mask(personal: Personal, text: &str) -> String {
    match personal {
        _ if is_stars(text) => text.to_owned(),
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

/// How a value is masked: by what stands above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// By the names of its fields; of the rest, addresses.
    Fields,
    /// The same, and long numbers in its texts.
    Texts,
    /// It is about a person: of what its names do not say what it is nothing stays.
    Person,
    /// All of it is personal.
    Everything(Personal),
}

impl Mask {
    /// How what stands under `name` is masked.
    #[must_use]
    pub fn below(self, name: &str) -> Self {
        match (self, says(name)) {
            (Self::Everything(_), _) => self,
            (_, Says::Personal(sort)) => Self::Everything(sort),
            (_, Says::AboutPerson) => Self::Person,
            (Self::Person, Says::Harmless) => Self::Texts,
            (_, Says::Harmless | Says::Nothing) => self,
        }
    }

    /// The value, masked.
    pub fn apply<'t>(self, json: &Json<'t>) -> Json<'t> {
        let hidden = |text: &str, sort| Json::String(mask(sort, text).into());
        match (json, self) {
            (Json::Object(members), _) => Json::Object(
                members.iter().map(|(name, value)| (name.clone(), self.below(name).apply(value))).collect(),
            ),
            (Json::Array(values), _) => Json::Array(values.iter().map(|value| self.apply(value)).collect()),
            (Json::String(text) | Json::Number(text), Self::Everything(sort)) => hidden(text, sort),
            (Json::String(text) | Json::Number(text), Self::Person) => hidden(text, Personal::Secret),
            // Ids have many digits as well: in a value whose name says nothing only addresses are sure to be personal.
            (Json::String(text), Self::Fields) => {
                Json::String(words(text, |word| is_address(word).then(|| address(word))).into())
            }
            (Json::String(sent), Self::Texts) => Json::String(text(sent).into()),
            (Json::Null | Json::Bool(_) | Json::Number(_), _) => json.clone(),
        }
    }
}

/// The whole value with every personal field masked, and every address wherever it stands.
pub fn masked<'t>(json: &Json<'t>) -> Json<'t> {
    Mask::Fields.apply(json)
}

/// A text of unknown form with the addresses and numbers of persons in it masked.
pub fn text(text: &str) -> String {
    words(text, |word| {
        if is_address(word) { Some(address(word)) } else { is_number(word).then(|| mask(Personal::Number, word)) }
    })
}

/// The word is an address, maybe as it stands in a URL.
fn is_address(word: &str) -> bool {
    word.contains('@') || word.contains("%40")
}

/// The word may be a phone, an identity number or an account.
fn is_number(word: &str) -> bool {
    word.chars().filter(char::is_ascii_digit).count() >= MANY_DIGITS && !our_own(word)
}

/// A text of unknown form with stars for the addresses and numbers of persons in it, as many as they have bytes.
pub fn blanked(text: &str) -> String {
    words(text, |word| (is_address(word) || is_number(word)).then(|| stars(word)))
}

/// The same for addresses alone.
pub fn blanked_addresses(text: &str) -> String {
    words(text, |word| is_address(word).then(|| stars(word)))
}

fn stars(word: &str) -> String {
    "*".repeat(word.len())
}

/// A foreign body, whatever its form, with what is personal in it masked.
pub fn body(body: &[u8]) -> String {
    match Json::parse(body) {
        Ok(json) => masked(&json).to_string(),
        Err(_) => text(&broken_json(&String::from_utf8_lossy(body))),
    }
}

/// Masks what follows a personal field's name in a text that looks like JSON but is not.
fn broken_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut personal = None;
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let between = &rest[..start];
        // A value without quotes, as a number, stands before the next quote.
        match personal.filter(|_| between.chars().any(char::is_alphanumeric)) {
            Some(_) => out.push_str(" •••• "),
            None => out.push_str(between),
        }
        let after = &rest[start + 1..];
        let end = closing_quote(after);
        let quoted = &after[..end];
        rest = after.get(end + 1..).unwrap_or_default();
        let is_key = rest.trim_start().starts_with(':');
        let shown = match personal.filter(|_| !is_key) {
            Some(sort) => mask(sort, quoted),
            None => quoted.to_owned(),
        };
        out.push_str(&format!("\"{shown}\""));
        personal = if is_key { field(quoted) } else { None };
    }
    match personal {
        Some(_) => out.push_str(": ••••"),
        None => out.push_str(rest),
    }
    out
}

/// Where a quoted text ends: at its closing quote, or at the end of what there is.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Delivery ids and idempotency keys are this program's, nobody's phone.
fn our_own(word: &str) -> bool {
    word.starts_with("wc-") || word.starts_with("d-") && word.trim_end_matches('.').parse::<DeliveryId>().is_ok()
}

/// `text` with words replaced; what no address or number can contain parts words.
fn words(text: &str, replaced: impl Fn(&str) -> Option<String>) -> String {
    let part = |character: char| {
        character.is_alphanumeric()
            || matches!(character, '@' | '.' | '_' | '+' | '-' | '%' | '~' | '!' | '#' | '$' | '&' | '*' | '\'' | '|')
    };
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars().chain(std::iter::once('\n')) {
        if part(character) {
            word.push(character);
            continue;
        }
        match replaced(&word) {
            Some(masked) => out.push_str(&masked),
            None => out.push_str(&word),
        }
        word.clear();
        out.push(character);
    }
    out.pop();
    out
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
        assert_eq!(mask(Personal::Email, "*****"), "*****");
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
        let form =
            br#"{"userForm":{"holder":{"apellido":"Garcia"},"cuit":2012345,"pix_key":["x"],"bank_account_type":"a"}}"#;
        assert_eq!(
            masked(&Json::parse(form).unwrap()).to_string(),
            r#"{"userForm":{"holder":{"apellido":"••••"},"cuit":"••••","pix_key":["••••"],"bank_account_type":"a"}}"#
        );
        for kept in ["@hotmail.com", "DNI", "checking", "5102"] {
            assert!(shown.contains(kept), "no {kept} in {shown}");
        }
    }

    #[test]
    fn an_address_is_masked_whatever_its_field_is_called() {
        let said =
            Json::parse(br#"{"error":"no account of joe@gmail.com","ticket":"5102000123","seen":["ana@x.org",1]}"#);
        assert_eq!(
            masked(&said.unwrap()).to_string(),
            r#"{"error":"no account of j•••@gmail.com","ticket":"5102000123","seen":["a•••@x.org",1]}"#
        );
    }

    #[test]
    fn addresses_and_numbers_are_masked_in_any_text() {
        let said = "refused: joe@gmail.com (+5491155501234) is unknown\nas is <ana+x@y.org>";
        let masked = text(said);
        assert_eq!(masked, "refused: j•••@gmail.com (••••34) is unknown\nas is <a•••@y.org>");
        assert_eq!(text("behind d-12345678"), "behind d-12345678");
    }

    #[test]
    fn a_body_is_masked_even_when_it_is_broken() {
        let whole = r#"{"fullName":"Susana Kann","bank_account":"0140270000","n":1}"#;
        for end in 0..=whole.len() {
            let masked = body(&whole.as_bytes()[..end]);
            assert!(!masked.contains("Kann") && !masked.contains("0140270"), "{end}: {masked}");
        }
        let broken = r#"{"fullName": "Susana Kann" "identification": 12345, "x": "y"#;
        assert_eq!(body(broken.as_bytes()), r#"{"fullName": "S••• K•••" "identification" •••• "x": "y""#);
    }
}
