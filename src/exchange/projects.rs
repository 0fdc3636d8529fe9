//! Projects: the environments of vendors that share one server and see nothing of each other. The operator makes them.

use super::context::Exchange;
use crate::domain::id::{ApiKeyId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::scope::Scope;
use crate::store::projects::{self, ProjectRow};
use crate::store::{StoreError, api_keys};
use zeroize::Zeroizing;

/// How long a name may be, in characters.
pub const LONGEST_NAME: usize = 255;

impl Exchange {
    /// Makes a project with an admin key, a random one unless `given`. Returns it with the key, which is not to be had
    /// again.
    pub async fn create_project(
        &self,
        name: &str,
        given: Option<&str>,
    ) -> Result<(ProjectId, Zeroizing<String>), Problem> {
        check_name(name)?;
        let key = self.key_or_random(given)?;
        let project = ProjectId::new(self.ambient.uuid());
        let key_id = ApiKeyId::new(self.ambient.uuid());
        let row = self.key_row(&key_id, &project, "first".to_owned(), Scope::Admin, &key);
        let (id, name, at) = (project.clone(), name.to_owned(), self.ambient.now());
        let made = self.store.write(move |db| {
            projects::insert(db, &id, &name, at)?;
            api_keys::insert(db, &row)?;
            Ok::<_, StoreError>(())
        });
        made.await?;
        Ok((project, key))
    }

    /// Every project, the oldest first.
    pub async fn list_projects(&self) -> Result<Vec<ProjectRow>, Problem> {
        self.store
            .read(|db| projects::list(db).map_err(Problem::from))
            .await
    }

    /// Calls a project something else.
    pub async fn rename_project(&self, id: &str, name: &str) -> Result<(), Problem> {
        check_name(name)?;
        let (id, name) = (ProjectId::parse(id).ok_or_else(unknown)?, name.to_owned());
        let renamed = self
            .store
            .write(move |db| projects::rename(db, &id, &name).map_err(Problem::from))
            .await?;
        renamed.then_some(()).ok_or_else(unknown)
    }

    /// The project with that id; the first where none is named.
    pub async fn find_project(&self, id: Option<&str>) -> Result<ProjectId, Problem> {
        let Some(id) = id else {
            let first = self.store.read(projects::first).await?;
            return first.as_deref().and_then(ProjectId::parse).ok_or_else(unknown);
        };
        let id = ProjectId::parse(id).ok_or_else(unknown)?;
        let asked = id.clone();
        let exists = self.store.read(move |db| projects::exists(db, &asked)).await?;
        exists.then_some(id).ok_or_else(unknown)
    }
}

/// Names are listed on terminals, where a control character does more than it shows.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.contains(char::is_control) {
        return Ok(());
    }
    let message = format!("a name has 1 to {LONGEST_NAME} characters, none of them a control character");
    let violation = Violation::new("/name", "name", message);
    Err(Problem::with(ErrorCode::InvalidValue, vec![violation]))
}

fn unknown() -> Problem {
    Problem::new(
        ErrorCode::NotFound,
        "There is no such project; `projects list` shows all.",
    )
}
