-- The test instance, run by TarantoolServer with its directory, user and password in environment variables.
local fiber = require('fiber')
local fio = require('fio')

local dir = os.getenv('TEST_DIRECTORY')
local listen = os.getenv('TEST_LISTEN')
if listen:startswith('unix/:') then
    os.remove(listen:sub(#'unix/:' + 1))
end

box.cfg{
    listen = listen,
    work_dir = dir, memtx_dir = dir, wal_dir = dir, vinyl_dir = dir,
    log = fio.pathjoin(dir, 'log'),
    net_msg_max = 4096,
}

box.once('schema', function()
    local user = os.getenv('TEST_USER')
    box.schema.user.create(user, {password = os.getenv('TEST_PASSWORD')})
    box.schema.user.grant(user, 'super')

    local cities = box.schema.space.create('cities', {format = {
        {'id', 'unsigned'}, {'name', 'string'}, {'people', 'unsigned'},
    }})
    cities:create_index('primary', {parts = {'id'}})
    cities:create_index('by_name', {parts = {'name'}})

    local counters = box.schema.space.create('counters')
    counters:create_index('primary', {parts = {1, 'string'}})

    local any = box.schema.space.create('any')
    any:create_index('primary', {parts = {1, 'unsigned'}})
end)

local gate = fiber.cond()
local waiters = 0

-- Returns its argument after open_gate is called; gate_waiters returns the number of waiting calls.
function wait_for_gate(value)
    waiters = waiters + 1
    gate:wait()
    waiters = waiters - 1
    return value
end

function gate_waiters() return waiters end

function open_gate() gate:broadcast() end

function wait_forever() fiber.sleep(1000000) end

function echo(...) return ... end

function push_three()
    for i = 1, 3 do box.session.push({i, 'pushed'}) end
    return 'done'
end

function fail_twice()
    local cause = box.error.new({code = 1001, reason = 'the cause'})
    local outer = box.error.new({code = 1002, reason = 'the outer error'})
    outer:set_prev(cause)
    box.error(outer)
end

-- Renamed when complete, so that a reader never sees a partial file.
local file = fio.open(fio.pathjoin(dir, 'ready.tmp'), {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('644', 8))
file:write(tostring(box.info.listen))
file:close()
fio.rename(fio.pathjoin(dir, 'ready.tmp'), fio.pathjoin(dir, 'ready'))
