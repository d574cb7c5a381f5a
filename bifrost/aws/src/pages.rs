//! Answers that come in pages.

use bifrost_core::cloud::CloudError;

/// The items of every page. `fetch` gets the token of the page to fetch, none for the first, and gives its items and the
/// token of the next, none after the last.
///
/// # Errors
/// The first error of a page.
pub async fn pages<T, Page>(fetch: impl Fn(Option<String>) -> Page) -> Result<Vec<T>, CloudError>
where
    Page: Future<Output = Result<(Vec<T>, Option<String>), CloudError>>,
{
    let (mut items, mut token) = fetch(None).await?;
    // Some services write the end as an empty token.
    while let Some(next) = token.filter(|token| !token.is_empty()) {
        let (more, after) = fetch(Some(next)).await?;
        items.extend(more);
        token = after;
    }
    Ok(items)
}
