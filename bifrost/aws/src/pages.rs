//! Paginated answers.

use bifrost_core::cloud::CloudError;

/// The items of all pages. `fetch` gets the token of a page (`None` for the first) and returns its items and the token
/// of the next page (`None` after the last).
///
/// # Errors
/// The first error of `fetch`.
pub async fn pages<T, Page>(fetch: impl Fn(Option<String>) -> Page) -> Result<Vec<T>, CloudError>
where
    Page: Future<Output = Result<(Vec<T>, Option<String>), CloudError>>,
{
    let (mut items, mut token) = fetch(None).await?;
    // Some services mark the last page with an empty token.
    while let Some(next) = token.filter(|token| !token.is_empty()) {
        let (more, after) = fetch(Some(next)).await?;
        items.extend(more);
        token = after;
    }
    Ok(items)
}
