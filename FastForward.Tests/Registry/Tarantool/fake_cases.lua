-- Cases of registry.lua over a box that is not real, run by RegistryFakeTests: tarantool fake_cases.lua MODULE CASE.
-- Without a case it prints their names. A case that succeeds ends with the line "ok".
local fiber = require('fiber')
local module_path, case = arg[1], arg[2]
local directory = arg[0]:match('^(.*)/') or '.'
local fake = dofile(directory .. '/fake_box.lua')

local REGISTRY = '11111111-1111-1111-1111-111111111111'
local INSTANCE = '22222222-2222-2222-2222-222222222222'

-- The layout of Tarantool 3: `cluster` has no uuid.
local function info3(ro)
    return {
        ro = ro or false,
        uuid = INSTANCE,
        name = 'instance-001',
        replicaset = {uuid = REGISTRY, name = 'replicaset-001'},
        cluster = {name = 'the cluster'},
        vclock = {[0] = 7, [2] = 20, [1] = 10},
    }
end

local function load()
    return assert(loadfile(module_path))('fastforward.registry')
end

local function check(condition, text)
    if not condition then
        error(text or 'the check failed', 2)
    end
end

local function equal(actual, expected)
    if actual ~= expected then
        error(('expected %s, was %s'):format(tostring(expected), tostring(actual)), 2)
    end
end

local function logged(line)
    for _, entry in ipairs(fake.log) do
        if entry == line then
            return true
        end
    end
    return false
end

local function wait_until(condition, text)
    local deadline = fiber.clock() + 30
    while not condition() do
        check(fiber.clock() < deadline, 'not reached: ' .. text)
        fiber.sleep(0.005)
    end
end

local cases = {}

function cases.a_role_under_strict_mode()
    require('strict').on()
    fake.install(info3())
    local role = load()
    equal(rawget(_G, 'fastforward'), nil)
    role.validate(nil)
    role.validate({keys = true})
    check(not pcall(role.validate, {key = true}))
    equal(#fake.log, 0)
    role.apply({keys = true})
    equal(FORWARD_TRANSPORT_IP + FORWARD_TRANSPORT_RDMA + FORWARD_TRANSPORT_SOCKET + FORWARD_TRANSPORT_VSOCKET, 6)
    check(fastforward.registry_read().complete)
    equal(#fastforward.registry_keys(), 0)
    role.apply({keys = true})
    equal(#box.space.Nodes:on_replace(), 1)
    role.stop()
    equal(#box.space.Nodes:on_replace(), 0)
    equal(#box.space._space:on_replace(), 0)
    equal(fake.on_shutdown, nil)
    check(not pcall(fastforward.registry_read))
    role.apply(nil)
    check(fastforward.registry_read().complete)
end

function cases.the_ids_of_tarantool_3()
    fake.install(info3())
    load().apply()
    local answer = fastforward.registry_read()
    equal(answer.registry, REGISTRY)
    equal(answer.instance, INSTANCE)
    equal(answer.name, 'instance-001')
    equal(require('json').encode(answer.vclock), '[[1,10],[2,20]]')
end

function cases.the_ids_before_tarantool_3()
    local info = info3()
    info.replicaset, info.cluster, info.name = nil, {uuid = REGISTRY}, nil
    fake.install(info)
    load().apply()
    equal(fastforward.registry_read().registry, REGISTRY)
    equal(fastforward.registry_read().name, nil)
end

function cases.an_instance_without_a_name()
    local info = info3()
    fake.install(info)
    info.name = box.NULL
    load().apply()
    equal(fastforward.registry_read().name, nil)
end

function cases.changes_are_broadcast()
    fake.install(info3())
    local events = {}
    box.broadcast = function(key, version)
        equal(key, 'fastforward.registry')
        table.insert(events, version)
    end
    load().apply()
    wait_until(function() return #events == 1 end, 'the first version is broadcast')
    equal(events[1], fastforward.registry_read().version)
    for i = 1, 100 do
        box.space.Nodes:replace({i, 0, '', 1})
    end
    wait_until(function() return events[#events] == fastforward.registry_read().version end, 'the last is broadcast')
    equal(#events, 2)
end

function cases.a_failing_broadcast_does_no_harm()
    fake.install(info3())
    local calls = 0
    box.broadcast = function()
        calls = calls + 1
        error('no')
    end
    load().apply()
    wait_until(function() return calls == 1 end, 'the first call')
    box.space.Nodes:replace({1, 0, '', 1})
    wait_until(function() return calls == 2 end, 'the second call')
    equal(#fastforward.registry_read().Nodes, 1)
end

function cases.an_old_file_does_not_broadcast_after_a_new_one()
    fake.install(info3())
    local calls = 0
    box.broadcast = function()
        calls = calls + 1
    end
    local first = load()
    first.apply()
    load().apply()
    wait_until(function() return calls > 0 end, 'the first call')
    calls = 0
    box.space.Nodes:replace({1, 0, '', 1})
    fiber.sleep(0)
    wait_until(function() return calls > 0 end, 'a call')
    fiber.sleep(0)
    equal(calls, 1)
end

function cases.a_read_only_instance_writes_nothing()
    local info = info3(true)
    fake.install(info)
    load().apply({user = 'fastforward', password = 'secret'})
    check(not pcall(fastforward.registry_read))
    equal(#fake.log, 0)
    -- The spaces arrive.
    fake.add_space('OverriddenNodes', {{1, 'unsigned'}})
    fake.add_space('Nodes', {{1, 'unsigned'}})
    local answer = fastforward.registry_read()
    check(answer.complete and answer.read_only)
    box.space.Nodes:replace({1, 0, '', 1})
    equal(#fastforward.registry_read(answer.version).Nodes, 1)
    equal(#fake.log, 0)
end

function cases.it_creates_what_is_missing_when_it_becomes_writable()
    local info = info3(true)
    fake.install(info)
    load().apply({user = 'fastforward', password = 'secret'})
    fiber.sleep(0)
    info.ro = false
    wait_until(function() return logged('user.grant fastforward fastforward_registry') end, 'the user has its role')
    check(logged('space OverriddenNodes') and logged('space Nodes') and logged('user fastforward'))
    check(fastforward.registry_read().complete)
end

-- Tarantool 3 with credentials in its configuration.
local function configure(users)
    package.loaded.config = {get = function(_, path)
        equal(path, 'credentials.users')
        return users
    end}
end

function cases.a_user_of_credentials_only_gets_the_role()
    fake.install(info3())
    configure({fastforward = {password = 'its own'}})
    fake.users.fastforward = {['chap-sha1'] = 'hash of its own'}
    load().apply({user = 'fastforward', password = 'another'})
    check(logged('user.grant fastforward fastforward_registry'))
    check(not logged('passwd fastforward') and not logged('user fastforward'))
end

function cases.a_user_of_credentials_is_not_created_here()
    fake.install(info3())
    configure({fastforward = {}})
    load().apply({user = 'fastforward', password = 'another'})
    check(not logged('user fastforward'))
    fake.users.fastforward = {}
    wait_until(function() return logged('user.grant fastforward fastforward_registry') end, 'the user has its role')
    check(not logged('passwd fastforward'))
end

function cases.a_user_outside_of_credentials_is_kept_up_to_date()
    fake.install(info3())
    configure({other = {}})
    load().apply({user = 'fastforward', password = 'first'})
    check(logged('user fastforward'))
    fake.users.fastforward = {['chap-sha1'] = 'hash of first'}
    load().apply({user = 'fastforward', password = 'first'})
    check(not logged('passwd fastforward'))
    load().apply({user = 'fastforward', password = 'second'})
    check(logged('passwd fastforward'))
end

function cases.a_salted_password_is_recognised()
    fake.install(info3())
    fake.users.fastforward = {['pap-sha256'] = {'salt', require('digest').sha256('saltfirst')}}
    load().apply({user = 'fastforward', password = 'first'})
    check(not logged('passwd fastforward'))
    load().apply({user = 'fastforward', password = 'second'})
    check(logged('passwd fastforward'))
end

function cases.a_refused_grant_does_not_stop_the_registry()
    fake.install(info3())
    box.schema.user.grant = function()
        error('refused')
    end
    load().apply({user = 'fastforward', password = 'secret'})
    check(fastforward.registry_read().complete)
end

function cases.refused_triggers_of_system_spaces_cost_no_change()
    fake.install(info3())
    for _, name in ipairs({'_space', '_index', '_truncate'}) do
        box.space[name].refuses_triggers = true
    end
    load().apply()
    box.space.Nodes:replace({1, 0, '', 1})
    local version = fastforward.registry_read().version
    -- Once for the measurement of this version.
    local state = fastforward.registry_state
    wait_until(function() return state.measured[2].counter == state.counter end, 'the space is measured')
    box.space.Nodes.rows = {} -- A truncation.
    local answer = fastforward.registry_read(version, 60)
    check(answer.complete)
    equal(#answer.Nodes, 0)
end

function cases.a_shutdown_wakes_who_waits()
    fake.install(info3())
    load().apply()
    local version = fastforward.registry_read().version
    local message
    fiber.create(function()
        message = select(2, pcall(fastforward.registry_read, version, 60))
    end)
    equal(message, nil)
    fake.on_shutdown()
    wait_until(function() return message ~= nil end, 'the waiting call ends')
    equal(message, 'fastforward.registry: the server is shutting down')
end

function cases.a_cancelled_call_ends()
    fake.install(info3())
    load().apply()
    local version = fastforward.registry_read().version
    local waiting = fiber.create(function()
        fastforward.registry_read(version, 60)
    end)
    equal(fastforward.registry_state.waiting, 1)
    waiting:cancel()
    wait_until(function() return waiting:status() == 'dead' end, 'the call has ended')
    box.space.Nodes:replace({1, 0, '', 1})
    equal(fastforward.registry_state.waiting, 0)
end

function cases.a_cancelled_watcher_ends_and_answers_go_on()
    fake.install(info3())
    load().apply()
    fiber.sleep(0)
    for id, info in pairs(fiber.info()) do
        if info.name == 'ff.registry' then
            fiber.cancel(fiber.find(id))
        end
    end
    fiber.sleep(0)
    for _, info in pairs(fiber.info()) do
        check(info.name ~= 'ff.registry')
    end
    box.space.Nodes:replace({1, 0, '', 1})
    equal(#fastforward.registry_read().Nodes, 1)
end

function cases.a_global_of_another_program_is_respected()
    fake.install(info3())
    rawset(_G, 'fastforward', 'mine')
    local ok, message = pcall(load().apply)
    check(not ok)
    check(message:find("the global variable 'fastforward' is a string of another program", 1, true), message)
    equal(rawget(_G, 'fastforward'), 'mine')
    equal(#fake.log, 0)
end

function cases.other_members_of_the_global_stay()
    fake.install(info3())
    rawset(_G, 'fastforward', {mine = 1})
    load().apply()
    equal(fastforward.mine, 1)
    check(fastforward.registry_read().complete)
end

if case == nil then
    local names = {}
    for name in pairs(cases) do
        table.insert(names, name)
    end
    table.sort(names)
    print(table.concat(names, '\n'))
else
    local ok, reason = xpcall(cases[case], debug.traceback)
    print(ok and 'ok' or reason)
end
os.exit(0)
