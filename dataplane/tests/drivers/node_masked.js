// What node-postgres makes of each cell of the tables that are named: a line of the cell, its class and its value.
// The connection comes from libpq's environment variables.

const { Client } = require('pg');

async function main() {
  const client = new Client({ ssl: false });
  await client.connect();
  for (const table of process.argv[2].split(',')) {
    const { fields, rows } = await client.query({ text: `SELECT * FROM ${table}`, rowMode: 'array' });
    fields.forEach((field, i) => {
      const value = rows[0][i];
      const kind = value === null ? 'null' : value.constructor.name;
      console.log(`${table} ${field.name}\t${kind}\t${JSON.stringify(value)}`);
    });
  }
  await client.end();
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
