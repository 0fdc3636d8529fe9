//! Which methods each documented path has: for who comes with another one.

use actix_web::dev::ResourceDef;
use serde_json::Value;

/// The paths of an API document.
pub struct Routes(Vec<(ResourceDef, Vec<String>)>);

impl Routes {
    /// Those of `document`.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let mut paths: Vec<_> = paths.collect();
        paths.sort_by_key(|(path, _)| path.matches('{').count());
        let route = |(path, item): (&String, &Value)| {
            let methods = item.as_object().into_iter().flatten();
            let methods = methods.map(|(method, _)| method.to_uppercase());
            (ResourceDef::new(path.as_str()), methods.collect())
        };
        Self(paths.into_iter().map(route).collect())
    }

    /// The methods that `path` has; none where it is no path of ours. A path that says more goes before one that
    /// leaves more open.
    pub fn methods(&self, path: &str) -> &[String] {
        let found = self.0.iter().find(|(route, _)| route.is_match(path));
        found.map_or(&[], |(_, methods)| methods)
    }
}
