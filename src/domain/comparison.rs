//! Two JSON values side by side: what is the same, and what was added, removed or changed.
//!
//! The order of keys and the spelling of numbers make no difference, as in [`Json::canonical`]. Members are matched by
//! name, the first of a name with the first. Elements of a list are matched by place, once what the two lists have in common at their beginning and end is set
//! aside: an element put in or taken out is one difference, not one in every element behind it.

use std::collections::{HashMap, VecDeque};

use super::json::{Json, Member};
use super::personal::Mask;

/// How two values differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Not at all.
    Same(Json<'static>),
    /// Only the left one has it.
    Removed(Json<'static>),
    /// Only the right one has it.
    Added(Json<'static>),
    /// Another value, from left to right.
    Changed(Json<'static>, Json<'static>),
    /// Objects, in the left one's order; what was added comes last.
    Object(Vec<(String, Comparison)>),
    /// Lists.
    Array(Vec<Comparison>),
}

/// Sets `left` beside `right`.
pub fn compare(left: &Json<'static>, right: &Json<'static>) -> Comparison {
    match (left, right) {
        (Json::Object(a), Json::Object(b)) => objects(left, a, b),
        (Json::Array(a), Json::Array(b)) => arrays(left, a, b),
        _ if same(left, right) => Comparison::Same(left.clone()),
        _ => Comparison::Changed(left.clone(), right.clone()),
    }
}

fn objects(left: &Json<'static>, a: &[Member<'static>], b: &[Member<'static>]) -> Comparison {
    let mut partners: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, (name, _)) in b.iter().enumerate() {
        partners.entry(name).or_default().push_back(at);
    }
    let mut found = vec![false; b.len()];
    let mut members: Vec<(String, Comparison)> = Vec::with_capacity(a.len());
    for (name, value) in a {
        let compared = match partners.get_mut(&**name).and_then(VecDeque::pop_front) {
            Some(at) => {
                found[at] = true;
                compare(value, &b[at].1)
            }
            None => Comparison::Removed(value.clone()),
        };
        members.push((name.to_string(), compared));
    }
    let added = b.iter().zip(found).filter(|(_, found)| !found);
    members.extend(added.map(|((name, value), _)| (name.to_string(), Comparison::Added(value.clone()))));
    match members.iter().all(|(_, one)| one.is_same()) {
        true => Comparison::Same(left.clone()),
        false => Comparison::Object(members),
    }
}

fn arrays(left: &Json<'static>, a: &[Json<'static>], b: &[Json<'static>]) -> Comparison {
    let head = a.iter().zip(b).take_while(|(one, other)| same(one, other)).count();
    let (rest_a, rest_b) = (&a[head..], &b[head..]);
    let tail = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(one, other)| same(one, other)).count();
    let (middle_a, middle_b) = (&rest_a[..rest_a.len() - tail], &rest_b[..rest_b.len() - tail]);
    if middle_a.is_empty() && middle_b.is_empty() {
        return Comparison::Same(left.clone());
    }
    let paired = middle_a.len().min(middle_b.len());
    let kept = |values: &[Json<'static>]| values.iter().cloned().map(Comparison::Same).collect::<Vec<_>>();
    let mut elements = kept(&a[..head]);
    elements.extend(middle_a.iter().zip(middle_b).map(|(one, other)| compare(one, other)));
    elements.extend(middle_a[paired..].iter().cloned().map(Comparison::Removed));
    elements.extend(middle_b[paired..].iter().cloned().map(Comparison::Added));
    elements.extend(kept(&a[a.len() - tail..]));
    Comparison::Array(elements)
}

fn same(left: &Json, right: &Json) -> bool {
    left == right || left.kind() == right.kind() && left.canonical() == right.canonical()
}

impl Comparison {
    /// There is no difference.
    pub fn is_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }

    /// How many values were added, removed or changed.
    pub fn differences(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Removed(_) | Self::Added(_) | Self::Changed(..) => 1,
            Self::Object(members) => members.iter().map(|(_, one)| one.differences()).sum(),
            Self::Array(elements) => elements.iter().map(Self::differences).sum(),
        }
    }

    /// The same with what is personal masked, by the name it stands under; under the names in `texts` stand texts of
    /// unknown form. That two masked values differ stays said, even where the masks are alike.
    #[must_use]
    pub fn masked(&self, texts: &[&str]) -> Self {
        self.masked_as(Mask::Fields, texts)
    }

    fn masked_as(&self, mask: Mask, texts: &[&str]) -> Self {
        let hidden = |value: &Json<'static>| mask.apply(value);
        match self {
            Self::Same(value) => Self::Same(hidden(value)),
            Self::Removed(value) => Self::Removed(hidden(value)),
            Self::Added(value) => Self::Added(hidden(value)),
            Self::Changed(left, right) => Self::Changed(hidden(left), hidden(right)),
            Self::Object(members) => {
                let below = |name: &String| match mask.below(name) {
                    Mask::Fields if texts.contains(&name.as_str()) => Mask::Texts,
                    mask => mask,
                };
                let masked = |(name, one): &(String, Self)| (name.clone(), one.masked_as(below(name), texts));
                Self::Object(members.iter().map(masked).collect())
            }
            Self::Array(elements) => Self::Array(elements.iter().map(|one| one.masked_as(mask, texts)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out when the differences are carried out on `left`, which must be the value they were found in.
    fn apply(left: &Json<'static>, difference: &Comparison) -> Option<Json<'static>> {
        match (difference, left) {
            (Comparison::Same(_), left) => Some(left.clone()),
            (Comparison::Changed(from, to), left) => {
                assert_eq!(from, left);
                Some(to.clone())
            }
            (Comparison::Removed(from), left) => {
                assert_eq!(from, left);
                None
            }
            (Comparison::Object(differences), Json::Object(members)) => {
                let mut left = members.iter();
                let mut out = Vec::new();
                for (name, one) in differences {
                    let value = match one {
                        Comparison::Added(value) => Some(value.clone()),
                        one => {
                            let (own, value) = left.next().expect("a member of the left");
                            assert_eq!(own, name);
                            apply(value, one)
                        }
                    };
                    out.extend(value.map(|value| (name.clone().into(), value)));
                }
                assert!(left.next().is_none(), "a member was forgotten");
                Some(Json::Object(out))
            }
            (Comparison::Array(differences), Json::Array(elements)) => {
                let mut left = elements.iter();
                let mut out = Vec::new();
                for one in differences {
                    match one {
                        Comparison::Added(value) => out.push(value.clone()),
                        one => out.extend(apply(left.next().expect("an element of the left"), one)),
                    }
                }
                assert!(left.next().is_none(), "an element was forgotten");
                Some(Json::Array(out))
            }
            other => panic!("{other:?}"),
        }
    }

    fn json(text: &str) -> Json<'static> {
        Json::parse(text.as_bytes()).unwrap().into_owned()
    }

    fn between(left: &str, right: &str) -> Comparison {
        compare(&json(left), &json(right))
    }

    #[test]
    fn order_and_spelling_make_no_difference() {
        assert!(
            between(r#"{"a":10,"b":[1.0,{"c":null,"d":"x"}]}"#, r#"{"b":[1,{"d":"x","c":null}],"a":1e1}"#).is_same()
        );
        assert!(!between("10", r#""10""#).is_same());
    }

    #[test]
    fn members_are_added_removed_and_changed() {
        let Comparison::Object(members) = between(r#"{"a":1,"b":2,"c":{"d":3}}"#, r#"{"c":{"d":4},"e":5,"a":1}"#)
        else {
            panic!("objects");
        };
        let number = |text: &'static str| Json::Number(text.into());
        let inner = Comparison::Object(vec![("d".into(), Comparison::Changed(number("3"), number("4")))]);
        assert_eq!(
            members,
            [
                ("a".to_owned(), Comparison::Same(number("1"))),
                ("b".to_owned(), Comparison::Removed(number("2"))),
                ("c".to_owned(), inner),
                ("e".to_owned(), Comparison::Added(number("5"))),
            ]
        );
    }

    #[test]
    fn an_element_put_in_is_one_difference() {
        assert_eq!(between("[1,2,3,4]", "[0,1,2,3,4]").differences(), 1);
        assert_eq!(between("[1,2,3,4]", "[1,3,4]").differences(), 1);
        assert_eq!(between(r#"[{"a":1},{"a":2}]"#, r#"[{"a":1},{"a":3},{"a":4}]"#).differences(), 2);
        assert_eq!(between("[1,1,1]", "[1,1]").differences(), 1);
    }

    #[test]
    fn what_is_personal_is_masked_and_still_differs() {
        let (left, right) = (
            r#"{"newOwnerEmail":"joe@x.org","phones":[{"n":"5550001111"}],"note":"ask ana@x.org","said":["call 5550003311"],"userForm":{"cuit":"20-1"}}"#,
            r#"{"newOwnerEmail":"jim@x.org","phones":[{"n":"5550002211"}],"note":"ask","said":["call 5550004411"],"userForm":{"cuit":"20-2"}}"#,
        );
        let compared = between(left, right);
        let masked = compared.masked(&["said"]);
        assert_eq!(masked.differences(), 5);
        let shown = format!("{masked:?}");
        for secret in ["joe", "jim", "5550001111", "5550002211", "5550003311", "5550004411", "ana@", "20-"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    fn any_json() -> impl Strategy<Value = Json<'static>> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            (0_u8..4).prop_map(|n| Json::Number(n.to_string().into())),
            (0_u8..4).prop_map(|n| Json::Number(format!("{n}.0").into())),
            "[ab]{0,1}".prop_map(|text| Json::String(text.into())),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
                // Names repeat now and then.
                proptest::collection::vec(("[abc]".prop_map(Into::into), inner), 0..5).prop_map(Json::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_differences_carried_out_on_the_left_give_the_right(left in any_json(), right in any_json()) {
            let compared = compare(&left, &right);
            prop_assert_eq!(apply(&left, &compared).unwrap().canonical(), right.canonical());
            prop_assert_eq!(compared.is_same(), left.canonical() == right.canonical());
            prop_assert_eq!(compared.is_same(), compared.differences() == 0);
            prop_assert_eq!(compared.masked(&[]).differences(), compared.differences());
        }

        #[test]
        fn nothing_differs_from_itself(one in any_json()) {
            prop_assert!(compare(&one, &one).is_same());
        }
    }
}
