//! Field decoders that never fail on a value of the wrong kind: it reads as "not sent". Malformed JSON still fails.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::time::EpochSeconds;

/// Any JSON value, as far as a field here can use it.
enum Scalar<'de> {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'de, str>),
    /// Null, an array or an object.
    Other,
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Integer(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(value).map_or(Scalar::Other, Scalar::Integer))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(value))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// What a scalar may become.
trait FromScalar<'de>: Sized {
    fn from_scalar(scalar: Scalar<'de>) -> Option<Self>;
}

impl<'de> FromScalar<'de> for Cow<'de, str> {
    fn from_scalar(scalar: Scalar<'de>) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromScalar<'_> for i32 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Integer(value) => Self::try_from(value).ok(),
            _ => None,
        }
    }
}

pub(super) fn text<'de, D: Deserializer<'de>>(de: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Scalar::deserialize(de).map(Cow::from_scalar)
}

pub(super) fn string<'de, D: Deserializer<'de>>(de: D) -> Result<Option<String>, D::Error> {
    text(de).map(|text| text.map(Cow::into_owned))
}

/// A string that becomes an open enum.
pub(super) fn open<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(
    de: D,
) -> Result<Option<T>, D::Error> {
    text(de).map(|text| text.map(|text| T::from(&text)))
}

pub(super) fn flag<'de, D: Deserializer<'de>>(de: D) -> Result<Option<bool>, D::Error> {
    Scalar::deserialize(de).map(|scalar| match scalar {
        Scalar::Bool(value) => Some(value),
        _ => None,
    })
}

/// An int32 id.
pub(super) fn id<'de, D: Deserializer<'de>, T: From<i32>>(de: D) -> Result<Option<T>, D::Error> {
    Scalar::deserialize(de).map(|scalar| i32::from_scalar(scalar).map(T::from))
}

/// An int64 id.
pub(super) fn long_id<'de, D: Deserializer<'de>, T: From<i64>>(de: D) -> Result<Option<T>, D::Error> {
    Scalar::deserialize(de).map(|scalar| match scalar {
        Scalar::Integer(value) => Some(T::from(value)),
        _ => None,
    })
}

pub(super) fn epoch<'de, D: Deserializer<'de>>(de: D) -> Result<Option<EpochSeconds>, D::Error> {
    Scalar::deserialize(de).map(|scalar| match scalar {
        // Whole seconds and milliseconds of this age are exact in an f64.
        #[allow(clippy::cast_precision_loss)]
        Scalar::Integer(value) => EpochSeconds::from_wire(value as f64),
        Scalar::Number(value) => EpochSeconds::from_wire(value),
        _ => None,
    })
}

/// An array of int32 ids; wrong elements are left out.
pub(super) fn ids<'de, D: Deserializer<'de>, T: From<i32>>(de: D) -> Result<Vec<T>, D::Error> {
    items::<D, i32>(de).map(|ids| ids.into_iter().map(T::from).collect())
}

/// An array of strings; wrong elements are left out.
pub(super) fn texts<'de, D: Deserializer<'de>>(de: D) -> Result<Vec<Cow<'de, str>>, D::Error> {
    items(de)
}

fn items<'de, D: Deserializer<'de>, T: FromScalar<'de>>(de: D) -> Result<Vec<T>, D::Error> {
    struct Items<T>(PhantomData<T>);
    impl<'de, T: FromScalar<'de>> Visitor<'de> for Items<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some(item) = items.next_element::<Scalar<'de>>()? {
                found.extend(T::from_scalar(item));
            }
            Ok(found)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Vec::new())
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
    }
    de.deserialize_any(Items(PhantomData))
}

/// Takes a borrowed text out of its body.
pub(super) fn own(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

/// Takes borrowed texts out of their body.
pub(super) fn own_all(texts: Vec<Cow<'_, str>>) -> Vec<Cow<'static, str>> {
    texts.into_iter().map(|text| Cow::Owned(text.into_owned())).collect()
}
