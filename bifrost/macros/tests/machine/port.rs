//! `#[port]`: what it makes of a trait where there is no cloud.

use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[bifrost::port]
trait Parcels {
    /// The weight of a parcel, in grams.
    #[call("post:DescribeParcel", id)]
    async fn weight(&self, id: &str) -> Result<Option<u32>, CloudError>;

    #[call("post:DescribeParcel", ids.join(","))]
    async fn weights(&self, ids: &[String]) -> Result<Vec<u32>, CloudError>;

    #[allow(dead_code, reason = "nothing proves a change here")]
    #[change("post:SendParcel", format_args!("{}/{}", parcel.0, parcel.1))]
    async fn send(&self, proof: &Proof, parcel: &(&str, u32)) -> Result<(), CloudError>;

    #[call("post:ListParcels")]
    async fn count(&self) -> Result<usize, CloudError>;

    /// The same in every cloud.
    async fn is_heavy(&self, id: &str) -> Result<bool, CloudError> {
        Ok(self.weight(id).await?.is_some_and(|grams| grams > 10_000))
    }
}

/// An adapter that is no cloud, such as one of a test.
struct Shelf(Mutex<BTreeMap<String, u32>>);

#[async_trait::async_trait]
impl Parcels for Shelf {
    async fn weight(&self, id: &str) -> Result<Option<u32>, CloudError> {
        Ok(self.0.lock().unwrap().get(id).copied())
    }

    async fn weights(&self, ids: &[String]) -> Result<Vec<u32>, CloudError> {
        Ok(ids.iter().filter_map(|id| self.0.lock().unwrap().get(id).copied()).collect())
    }

    async fn send(&self, _: &Proof, parcel: &(&str, u32)) -> Result<(), CloudError> {
        self.0.lock().unwrap().insert(parcel.0.to_owned(), parcel.1);
        Ok(())
    }

    async fn count(&self) -> Result<usize, CloudError> {
        Ok(self.0.lock().unwrap().len())
    }
}

#[test]
fn operations_are_listed_once_in_order() {
    assert_eq!(<dyn Parcels>::OPERATIONS, ["post:DescribeParcel", "post:SendParcel", "post:ListParcels"]);
}

#[tokio::test]
async fn port_is_a_trait_object_with_methods_that_call_others() {
    let parcels: Arc<dyn Parcels> = Arc::new(Shelf(Mutex::new(BTreeMap::from([("a".to_owned(), 12_000)]))));
    assert!(parcels.is_heavy("a").await.unwrap() && !parcels.is_heavy("b").await.unwrap());
    assert_eq!(parcels.weights(&["a".into(), "b".into()]).await.unwrap(), [12_000]);
    assert_eq!(parcels.count().await.unwrap(), 1);
}
