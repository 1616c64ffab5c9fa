//! What runs where, read and written: one document that several jobs may write at the same time.

use crate::forge::{KEPT, on_github};
use crate::{Change, Deployment, Environment, Environments, Error, Forge, environment};

const FILE: [&str; 3] = [KEPT[0], KEPT[1], "environments.json"];
const LONGEST: usize = 8 * 1024 * 1024;
/// How often the document is merged and written again when others write it as well.
const ATTEMPTS: u32 = 5;

impl Forge {
    /// What runs where.
    ///
    /// # Errors
    /// When the document cannot be read, or is not in order.
    pub async fn environments(&self) -> Result<Environments, Error> {
        match self {
            Self::Directory(local) => local.directory.environments(),
            Self::Gitlab(gitlab) => {
                let Some(text) = gitlab.document(FILE, LONGEST).await? else {
                    return Ok(Environments::new());
                };
                environment::read(&text).map_err(|source| Error::DamagedDocument {
                    place: gitlab.package_url(FILE).to_string(),
                    source: source.into(),
                })
            }
            Self::Github(_) => Ok(Environments::new()),
        }
    }

    /// Records what runs in an environment: reads the document, merges, writes, and reads it back until it is there. A
    /// version that is there already keeps its time. Returns what was recorded, with the time it has got.
    ///
    /// # Errors
    /// When it cannot be read or written; [`Error::Contended`] when others write it all the time.
    pub async fn record(
        &self,
        name: &Environment,
        deployment: &Deployment,
    ) -> Result<(Change, Deployment), Error> {
        let _alone = self.alone()?;
        let mut change = Change::Unchanged;
        for attempt in 0..ATTEMPTS {
            let mut all = self.environments().await?;
            let is_there =
                |all: &Environments| all.get(name).filter(|known| known.says_the_same(deployment)).cloned();
            if attempt > 0 && is_there(&all).is_none() {
                // Another run has written over it, from what it had read before. All of them at once would do so again.
                tracing::debug!("{name} is not in the document that was written; merging it once more");
                http::back_off(attempt).await;
                all = self.environments().await?;
            }
            if let Some(known) = is_there(&all) {
                return Ok((change, known));
            }
            let known = all.get(name);
            change = change.max(if known.is_some() { Change::Updated } else { Change::Created });
            let kept = known.filter(|known| known.version == deployment.version).map(|known| known.since);
            let target = Deployment { since: kept.unwrap_or(deployment.since), ..deployment.clone() };
            all.insert(name.clone(), target.clone());
            if self.write_environments(&all).await? {
                return Ok((change, target));
            }
        }
        Err(Error::Contended { what: format!("record what runs in {name}"), attempts: ATTEMPTS as usize })
    }

    /// Writes the document, and says whether that was only planned.
    async fn write_environments(&self, all: &Environments) -> Result<bool, Error> {
        match self {
            Self::Directory(local) if local.dry_run => Ok(true),
            Self::Directory(local) => local.directory.save_environments(all).map(|()| false),
            Self::Gitlab(gitlab) => {
                gitlab.put_package_file(FILE, &environment::write(all).into()).await?;
                Ok(gitlab.plan().is_some())
            }
            Self::Github(_) => Err(on_github("record what runs where")),
        }
    }

    /// Where the document of all environments is, for people.
    pub fn environments_location(&self) -> String {
        match self {
            Self::Directory(local) => local.directory.environments_path().display().to_string(),
            Self::Gitlab(gitlab) => gitlab.package_url(FILE).to_string(),
            Self::Github(_) => String::new(),
        }
    }
}
