-- The benchmark instance: a space that guests may read; nothing is written to disk while measuring.
local fio = require('fio')
local dir = os.getenv('BENCHMARK_DIRECTORY')

box.cfg{
    listen = 'unix/:' .. fio.pathjoin(dir, 'iproto.sock'),
    work_dir = dir, memtx_dir = dir, wal_dir = dir, vinyl_dir = dir,
    wal_mode = 'none',
    net_msg_max = 4096,
    log = fio.pathjoin(dir, 'log'),
}

local space = box.schema.space.create('cities', {id = 1000, format = {
    {'id', 'unsigned'}, {'name', 'string'}, {'people', 'unsigned'},
}})
space:create_index('primary')
for id = 1, 10000 do
    space:insert({id, ('city number %05d'):format(id), id * 1000})
end
box.schema.user.grant('guest', 'read', 'space', 'cities')

fio.open(fio.pathjoin(dir, 'ready'), {'O_CREAT', 'O_WRONLY'}, tonumber('644', 8)):close()
