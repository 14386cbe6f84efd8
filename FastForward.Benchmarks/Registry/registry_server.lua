-- The instance of the registry benchmark: registry.lua, a user for the hosts, and one that may write.
local fio = require('fio')
local dir = os.getenv('BENCHMARK_DIRECTORY')

box.cfg{
    listen = 'unix/:' .. fio.pathjoin(dir, 'iproto.sock'),
    work_dir = dir, memtx_dir = dir, wal_dir = dir, vinyl_dir = dir,
    log = fio.pathjoin(dir, 'log'),
}
box.schema.user.grant('guest', 'super')
dofile(fio.pathjoin(dir, 'registry.lua'))
fio.open(fio.pathjoin(dir, 'ready'), {'O_CREAT', 'O_WRONLY'}, tonumber('644', 8)):close()
