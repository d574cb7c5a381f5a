//! A large template: fifty functions, each with events, an environment and references.

use std::fmt::Write;

/// The template, as YAML.
pub(crate) fn template() -> String {
    let mut text = "ProjectName: org/shop\nConfigName: development\nTransform: AWS::Serverless-2016-10-31\n\
        Globals:\n  Function:\n    Runtime: provided.al2023\n    Handler: bootstrap\n    Timeout: 30\nResources:\n\
        \x20 api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: development\n\
        \x20 things:\n    Type: AWS::Serverless::SimpleTable\n  jobs:\n    Type: AWS::SQS::Queue\n"
        .to_owned();
    for number in 1..=50 {
        let _ = write!(
            text,
            "  function{number}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: function{number}/
      Description: One of fifty
      MemorySize: 256
      Policies:
        - DynamoDBCrudPolicy:
            TableName: !Ref things
      Environment:
        Variables:
          TABLE: !Ref things
          NAME: !Sub '${{AWS::StackName}}-{number}'
          QUEUE: !Join ['', ['https://sqs.', !Ref 'AWS::Region', '.amazonaws.com/', !GetAtt jobs.QueueName]]
      Events:
        get:
          Type: Api
          Properties:
            RestApiId: !Ref api
            Path: /things/{number}
            Method: GET
        nightly:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
"
        );
    }
    text
}
