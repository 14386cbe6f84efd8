-- An instance with the registry, run by RegistryServer. TEST_APPLY is the Lua code that applies it, with the path of
-- registry.lua as its argument; TEST_REPLICATION is the address of the instance to replicate from, if any.
local fio = require('fio')

local dir = os.getenv('TEST_DIRECTORY')
local listen = os.getenv('TEST_LISTEN')
os.remove(listen:sub(#'unix/:' + 1))

box.cfg{
    listen = listen,
    work_dir = dir, memtx_dir = dir, wal_dir = dir, vinyl_dir = dir,
    log = fio.pathjoin(dir, 'log'),
    replication = os.getenv('TEST_REPLICATION'),
    read_only = os.getenv('TEST_READ_ONLY') ~= nil,
    replication_timeout = 0.2,
}

if not box.info.ro and not box.schema.user.exists(os.getenv('TEST_USER')) then
    box.schema.user.create(os.getenv('TEST_USER'), {password = os.getenv('TEST_PASSWORD')})
    box.schema.user.grant(os.getenv('TEST_USER'), 'super')
    box.schema.user.create('follower', {password = 'follower'})
    box.schema.user.grant('follower', 'replication')
end

assert(loadstring(os.getenv('TEST_APPLY')))(os.getenv('TEST_REGISTRY'))

-- Renamed when complete, so that a reader never sees a partial file.
local file = fio.open(fio.pathjoin(dir, 'ready.tmp'), {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('644', 8))
file:write(tostring(box.info.listen))
file:close()
fio.rename(fio.pathjoin(dir, 'ready.tmp'), fio.pathjoin(dir, 'ready'))
