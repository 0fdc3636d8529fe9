//! A second project in the same database.

use super::server::Server;

pub const OTHER_API_KEY: &str = "test-key-of-the-second-project";

impl Server {
    /// Makes the second project; its key is [`OTHER_API_KEY`].
    pub async fn add_project(&self) {
        let made = self.served.exchange.create_project("other", Some(OTHER_API_KEY));
        made.await.unwrap();
    }
}
