//! The label sets. A label holds a fixed word of the program.

use prometheus_client::encoding::EncodeLabelSet;

macro_rules! labels {
    ($($name:ident { $($label:ident: $kind:ty),* })*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
            pub(super) struct $name { $(pub(super) $label: $kind),* }
        )*
    };
}

labels! {
    ByEndpoint { endpoint: &'static str }
    ByEndpointOutcome { endpoint: &'static str, outcome: &'static str }
    ByEndpointReason { endpoint: &'static str, reason: &'static str }
    ByOutcome { outcome: &'static str }
    ByMethod { method: String }
    ByMethodCode { method: String, code: &'static str }
    ByReason { reason: &'static str }
    ByKind { kind: &'static str }
    ByKindOutcome { kind: &'static str, outcome: &'static str }
    ByOperationOutcome { operation: &'static str, outcome: &'static str }
    ByGuard { guard: &'static str }
    ByObject { object: &'static str }
    ByCondition { condition: &'static str }
    Version { version: &'static str }
}
