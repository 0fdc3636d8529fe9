//! Which methods each documented path has: for who comes with another one.

use actix_web::dev::ResourceDef;
use serde_json::Value;

/// The paths of an API document.
pub struct Routes(Vec<(ResourceDef, Vec<String>)>);

impl Routes {
    /// Those of `document`.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let route = |(path, item): (&String, &Value)| {
            let methods = item.as_object().into_iter().flatten();
            let methods = methods.map(|(method, _)| method.to_uppercase());
            (ResourceDef::new(path.as_str()), methods.collect())
        };
        Self(paths.map(route).collect())
    }

    /// The methods that `path` has; none where it is no path of ours.
    pub fn methods(&self, path: &str) -> Vec<&str> {
        let matching = self.0.iter().filter(|(route, _)| route.is_match(path));
        matching
            .flat_map(|(_, methods)| methods.iter().map(String::as_str))
            .collect()
    }
}
