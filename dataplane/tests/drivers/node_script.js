// What node-postgres gets from a server, one line a fact: simple and named statements, text and binary,
// errors, transactions, notifications. The connection comes from libpq's environment variables.
// With READ_ONLY=1 nothing is written.

const fs = require('fs');
const { Client } = require('pg');

const readOnly = process.env.READ_ONLY === '1';
const ssl = process.env.PGSSLMODE === 'verify-full'
  ? { ca: fs.readFileSync(process.env.PGSSLROOTCERT, 'utf8'), rejectUnauthorized: true, servername: 'localhost' }
  : false;

const tell = (label, value) => console.log(`${label}: ${JSON.stringify(value)}`);

async function tellError(label, client, query, values) {
  try {
    await client.query(query, values);
    tell(label, 'no error');
  } catch (e) {
    tell(label, [e.severity, e.code, e.message, e.detail, e.hint, e.position, e.schema, e.table, e.column, e.constraint]);
  }
}

// Object numbers of one's own types differ between databases.
const shape = (result) => result.fields.map((f) => [f.name, f.dataTypeID < 16384 ? f.dataTypeID : 'own', f.dataTypeSize, f.dataTypeModifier, f.format]);

async function reading(client) {
  const everything = 'SELECT * FROM stock.items WHERE item_id IN (0, 7, 199) ORDER BY item_id';
  for (const query of [{ text: everything, rowMode: 'array' }, { text: everything, rowMode: 'array', binary: true, values: [] }]) {
    const result = await client.query(query);
    tell('columns', shape(result));
    tell('rows', [result.command, result.rowCount, result.rows]);
  }
  for (let i = 0; i < 5; i++) {
    const result = await client.query({ name: 'one', text: 'SELECT label, price FROM stock.items WHERE item_id = $1', values: [i] });
    tell('named', result.rows);
  }
  const several = await client.query('SELECT 1 AS a; SELECT 2 AS b, 3 AS c; SELECT 4 WHERE false');
  tell('several', several.map((r) => [r.command, r.rowCount, r.rows]));
  const together = await Promise.all([1, 2, 3, 4].map((i) => client.query('SELECT $1::int AS n', [i])));
  tell('queued', together.map((r) => r.rows[0].n));
  await tellError('syntax', client, 'SELEC 1');
  await tellError('syntax, extended', client, 'SELEC $1', [1]);
  await tellError('no such table', client, 'SELECT * FROM stock.nothing');
  await tellError('division', client, 'SELECT 1 / (item_id - item_id) FROM stock.items');
  await client.query('BEGIN');
  await tellError('in a transaction', client, 'SELECT 1 / 0');
  await tellError('aborted', client, 'SELECT 1');
  await client.query('ROLLBACK');
  tell('and on it goes', (await client.query('SELECT $1::text AS said', ["it's"])).rows);
}

async function writing(client) {
  const notices = [];
  client.on('notice', (n) => notices.push([n.severity, n.code, n.message, n.hint]));
  await client.query('CREATE TABLE stock.boxes (box_id int PRIMARY KEY, label text)');
  await client.query('DROP TABLE IF EXISTS stock.nothing');
  for (let i = 0; i < 20; i++) await client.query('INSERT INTO stock.boxes VALUES ($1, $2)', [i, `box ${i}`]);
  tell('updated', (await client.query("UPDATE stock.boxes SET label = 'x' WHERE box_id < 5 RETURNING *")).rows);
  await tellError('unique', client, 'INSERT INTO stock.boxes VALUES (1)');
  await tellError('raised', client, "SELECT stock.complain('the anvil')");
  tell('notices', notices);
  const notified = new Promise((resolve) => client.once('notification', (n) => resolve([n.channel, n.payload])));
  await client.query('LISTEN deliveries');
  await client.query("NOTIFY deliveries, 'a box'");
  tell('notified', await notified);
}

async function main() {
  const client = new Client({ ssl });
  await client.connect();
  await reading(client);
  if (!readOnly) await writing(client);
  await client.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
