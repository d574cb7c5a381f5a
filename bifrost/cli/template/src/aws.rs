//! The AWS half of the port: requests with a client of the AWS SDK. `call.send` gives each its
//! name, its time limit, and its record in the audit log.

use crate::machine::Cache;
use crate::tables::{AwsTables, Status, Tables};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
};
use bifrost::aws::{AwsCall, AwsChange, AwsClient, AwsDeployer, AwsSession};
use bifrost::cloud::{CloudError, found};
use std::sync::Arc;

impl AwsTables for Client {
    async fn list(&self, call: AwsCall<'_>) -> Result<Vec<String>, CloudError> {
        call.send(
            self.list_tables()
                .into_paginator()
                .items()
                .send()
                .try_collect(),
        )
        .await
    }

    async fn status(&self, call: AwsCall<'_>, name: &str) -> Result<Option<Status>, CloudError> {
        let answer = found(
            call.send(self.describe_table().table_name(name).send())
                .await,
        )?;
        let status = answer
            .and_then(|answer| answer.table)
            .and_then(|table| table.table_status);
        Ok(status.map(|status| {
            if status == TableStatus::Active {
                Status::Active
            } else {
                Status::Other
            }
        }))
    }

    async fn create(&self, call: AwsChange<'_>, name: &str, key: &str) -> Result<(), CloudError> {
        let attribute = AttributeDefinition::builder()
            .attribute_name(key)
            .attribute_type(ScalarAttributeType::S)
            .build();
        let schema = KeySchemaElement::builder()
            .attribute_name(key)
            .key_type(KeyType::Hash)
            .build();
        let create = self
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest);
        let create = create
            .attribute_definitions(call.document(attribute)?)
            .key_schema(call.document(schema)?);
        call.send(create.send()).await.map(drop)
    }

    async fn delete(&self, call: AwsChange<'_>, name: &str) -> Result<(), CloudError> {
        call.send(self.delete_table().table_name(name).send())
            .await
            .map(drop)
    }
}

impl AwsDeployer for Cache {
    fn aws_ports(session: AwsSession) -> Arc<dyn Tables> {
        Arc::new(AwsClient::new(&session, Client::new))
    }
}
