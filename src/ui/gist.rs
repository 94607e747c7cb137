//! An event in a few words, from its brief: who, how much, and what else is worth a word.

use crate::domain::privacy::Privacy;
use crate::domain::query::Brief;

/// Seller to buyer, as far as they are named.
pub fn people(brief: &Brief, privacy: Privacy) -> String {
    match (&brief.from, &brief.to) {
        (Some(from), Some(to)) => format!("{} → {}", privacy.person(from), privacy.person(to)),
        (Some(one), None) => privacy.person(one),
        (None, Some(one)) => format!("→ {}", privacy.person(one)),
        (None, None) => String::new(),
    }
}

/// An amount as sent. One that is no number could be anything, and is treated so.
pub fn amount(amount: &str, privacy: Privacy) -> String {
    let number = |one: char| one.is_ascii_digit() || matches!(one, '.' | ',' | '-' | '+' | 'e' | 'E' | ' ');
    if amount.chars().all(number) { amount.to_owned() } else { privacy.text(amount) }
}

/// What the buyer pays where it is said besides the price.
pub fn pays(brief: &Brief, privacy: Privacy) -> String {
    brief.buyer_pays.as_ref().map_or(String::new(), |one| format!("buyer pays {}", amount(one, privacy)))
}

/// The price, and what the buyer pays.
pub fn amounts(brief: &Brief, privacy: Privacy) -> String {
    join([brief.amount.as_ref().map_or(String::new(), |one| amount(one, privacy)), pays(brief, privacy)])
}

/// All of it; the amounts first, so that people are cut rather than they.
pub fn whole(brief: &Brief, privacy: Privacy) -> String {
    join([amounts(brief, privacy), people_and_note(brief, privacy)])
}

/// All but the price, for where that has a place of its own.
pub fn without_price(brief: &Brief, privacy: Privacy) -> String {
    join([pays(brief, privacy), people_and_note(brief, privacy)])
}

fn people_and_note(brief: &Brief, privacy: Privacy) -> String {
    join([people(brief, privacy), brief.note.as_ref().map_or(String::new(), |note| privacy.text(note))])
}

fn join(parts: [String; 2]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_whole_and_people_masked() {
        let brief = Brief {
            from: Some("joe@gmail.com".into()),
            amount: Some("12345678.50".into()),
            buyer_pays: Some("23456789.25".into()),
            note: Some("call +5491155501234".into()),
            ..Brief::default()
        };
        assert_eq!(whole(&brief, Privacy::Masked), "12345678.50  buyer pays 23456789.25  j•••@gmail.com  call ••••34");
        let odd = Brief { amount: Some("joe@gmail.com".into()), ..Brief::default() };
        assert_eq!(whole(&odd, Privacy::Masked), "j•••@gmail.com");
    }
}
