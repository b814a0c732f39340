const now = () => Number(process.hrtime.bigint()) / 1e9;
const say = (path) => { if (path.endsWith('.ts')) console.log(now(), 'edit', path); };
import('chokidar').then(({ watch }) => {
  watch(process.argv[2], { ignored: (path) => path.includes('node_modules') || path.includes('/.git/'), ignoreInitial: true })
    .on('add', say).on('change', say).on('ready', () => console.log('ready', now()));
});
process.stdin.on('end', () => process.exit(0)).resume();
