// A receiver of others: acknowledges each message, and prints its control id, size and name.
import { createServer } from 'node:net';
import { Hl7Server } from '@medplum/hl7';

const probe = createServer().listen(0, '127.0.0.1', () => {
  const { port } = probe.address();
  probe.close(() => {
    const server = new Hl7Server((connection) => {
      connection.addEventListener('message', ({ message }) => {
        connection.send(message.buildAck());
        console.log(JSON.stringify({
          id: message.getSegment('MSH').getField(10).toString(),
          type: message.getSegment('MSH').getField(9).toString(),
          size: message.toString().length,
          name: message.getSegment('PID').getField(5).toString(),
        }));
      });
    });
    server.start(port, 'utf-8');
    console.log(port);
  });
});
