//! What the OpenAPI document says of names in paths and pages, written once.

use utoipa::Modify;
use utoipa::openapi::path::{Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// The name of a set or a host.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
/// The name of an item: no control characters.
const ITEM: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
/// An idempotency key.
const KEY: &str = "^[!-~]+$";

/// Bounds of parameters, by their name.
pub(crate) struct Names;

impl Modify for Names {
    fn modify(&self, document: &mut OpenApi) {
        for path in document.paths.paths.values_mut() {
            let PathItem {
                get,
                post,
                put,
                delete,
                ..
            } = path;
            for operation in [get, post, put, delete].into_iter().flatten() {
                operation.parameters.iter_mut().flatten().for_each(bound);
            }
        }
    }
}

fn bound(parameter: &mut Parameter) {
    let text = |most: usize, pattern: &str, example: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(most))
            .pattern(Some(pattern))
            .examples([example])
    };
    let schema = match (parameter.name.as_str(), &parameter.parameter_in) {
        ("set", ParameterIn::Path) => text(63, ID, "tenant"),
        ("appliance", ParameterIn::Path) => text(63, ID, "host"),
        ("key", ParameterIn::Path) => text(64, KEY, "disk"),
        ("item", ParameterIn::Path) => text(255, ITEM, "disk"),
        ("generation", ParameterIn::Query) => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .examples([1]),
        _ => return,
    };
    parameter.schema = Some(RefOr::T(Schema::Object(schema.build())));
}
