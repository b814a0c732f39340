const { subscribe } = require('@parcel/watcher');
const now = () => Number(process.hrtime.bigint()) / 1e9;
subscribe(process.argv[2], (error, events) => {
  const at = now();
  if (error) console.log('error', String(error).replace(/\n/g, ' '));
  for (const event of events || []) if (event.path.endsWith('.ts')) console.log(at, 'edit', event.path);
}, { backend: 'inotify', ignore: ['**/node_modules/**', '**/.git/**', 'node_modules', '.git'] }).then(() => console.log('ready', now()));
process.stdin.on('end', () => process.exit(0)).resume();
