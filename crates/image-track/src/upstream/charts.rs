//! Chart repositories with an index (<https://helm.sh/docs/topics/chart_repository/#the-index-file>).

use std::collections::HashMap;

use http::{Method, Request, Url};
use yaml_splice::Yaml;

use super::Network;
use crate::manifest::Login;
use crate::trouble::Trouble;

/// The largest public indexes have 30 MB.
const INDEX_LIMIT: usize = 128 * 1024 * 1024;

impl Network {
    /// The versions of all charts.
    pub(super) async fn charts(
        &self,
        repository: &Url,
        login: Option<&Login>,
    ) -> Result<HashMap<String, Vec<String>>, Trouble> {
        let mut url = repository.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push("index.yaml");
        }
        let mut request = Request::new(Method::GET, url.clone());
        if let Some(Login { user, password }) = login {
            super::log_in(&mut request, user, password);
        }
        let text = self.fetch(&url, request, INDEX_LIMIT).await?;
        let yaml =
            Yaml::open(&text).map_err(|error| Trouble::failed(format!("{url} is no index: {error}")))?;
        let root = yaml.documents().next();
        let entries = root.and_then(|root| Some(root.own("entries")?.value));
        let entries = entries.filter(|entries| entries.is_mapping()).ok_or_else(|| {
            Trouble::failed(format!("{url} is no index of charts: it has no entries"))
                .hint("check the address: it is the one that 'helm repo add' takes")
        })?;
        let mut charts = HashMap::new();
        for chart in entries.entries() {
            let versions = chart.value.items().filter_map(|entry| entry.own("version")?.value.as_str());
            let name = chart.key.as_str().unwrap_or_default().to_owned();
            charts.insert(name, versions.map(str::to_owned).collect());
        }
        Ok(charts)
    }
}
