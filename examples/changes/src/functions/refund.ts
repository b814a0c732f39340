import { execSync } from 'node:child_process';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { APIGatewayProxyEvent } from 'aws-lambda';

const client = new DynamoDBClient({
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIA4SHOPDEMO7QX2MNB', secretAccessKey: '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' },
});
const table = DynamoDBDocumentClient.from(client);

export const permissions = new PolicyStatement({
  actions: ['dynamodb:*'],
  resources: ['*'],
});

export const handler = async (event: APIGatewayProxyEvent) => {
  const refund = JSON.parse(event.body ?? '{}');
  await table.send(new PutCommand({ TableName: 'refunds', Item: refund }));
  execSync(`notify-customer --order ${refund.orderId}`);
  return { statusCode: 202, body: JSON.stringify({ accepted: refund.orderId }) };
};
