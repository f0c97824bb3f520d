// Send the messages of stdin (a JSON list) with a client of others; print each answer as JSON.
import { readFileSync } from 'node:fs';
import { Hl7Message } from '@medplum/core';
import { Hl7Client } from '@medplum/hl7';
import simple from 'simple-hl7';

const [library, port] = process.argv.slice(2);
const messages = JSON.parse(readFileSync(0, 'utf8'));
const answers = [];
if (library === 'medplum') {
  const client = new Hl7Client({ host: '127.0.0.1', port: Number(port) });
  for (const text of messages) {
    answers.push((await client.sendAndWait(Hl7Message.parse(text))).toString());
  }
  await client.close();
} else {
  const client = simple.Server.createTcpClient({ host: '127.0.0.1', port: Number(port), keepalive: true });
  const parser = new simple.Parser();
  for (const text of messages) {
    answers.push(await new Promise((resolve, reject) => {
      client.send(parser.parse(text), (error, ack) => (error ? reject(error) : resolve(ack.toString())));
    }));
  }
  client.close();
}
console.log(JSON.stringify(answers));
process.exit(0);
