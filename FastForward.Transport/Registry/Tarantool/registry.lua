-- The registry of FastForward nodes in Tarantool (2.6 or later, 3.x included): two spaces that say where a node is, and
-- the functions by which hosts read them and are told of changes.
--
-- 1. From an init script, after box.cfg{...}. This applies the defaults; the second line adds a user for the hosts:
--
--        local registry = dofile('/etc/tarantool/registry.lua')
--        registry.apply{ user = 'fastforward', password = 'a long random text' }
--
-- 2. As a module, from a file fastforward/registry.lua that Lua's package.path reaches:
--
--        require('fastforward.registry').apply{ user = 'fastforward', password = 'a long random text' }
--
-- 3. As a role of Tarantool 3, from the same file. Users then belong in credentials, and this file grants nothing that
--    these lines do not:
--
--        credentials:
--          roles:
--            fastforward_registry:
--              privileges:
--              - permissions: [ execute ]
--                functions: [ fastforward.registry_read, fastforward.registry_keys ]
--              - permissions: [ read ]
--                spaces: [ OverriddenNodes, Nodes ]
--          users:
--            fastforward:
--              password: 'a long random text'
--              roles: [ fastforward_registry ]
--        roles: [ fastforward.registry ]
--        roles_cfg:
--          fastforward.registry: { keys: false }
--
-- Options of apply and of roles_cfg, all optional:
--   user      a user of the hosts: created if it is missing, and given the role fastforward_registry
--   password  the password of that user; changed if it differs, except if the user is one of credentials
--   keys      true: also a space Keys, from which a host reads the keys of its own user by fastforward.registry_keys()
--
-- A row in the console, then, and its removal:
--
--        box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })
--        box.space.OverriddenNodes:delete(250012)
--
-- Apply it again whenever you like, also a newer file over an older one in a running process: data stays, and triggers
-- and functions are replaced. box.once is not used, because it would remember that an older file had been applied.
-- Only the names in this file are touched. On a read-only instance the spaces and rights arrive by replication; if they
-- do not exist when the instance becomes writable, they are created then.

local digest = require('digest')
local fiber = require('fiber')
local log = require('log')
local uuid = require('uuid')

local loaded_as = ... -- The name under require; nil under dofile.

local NAME = 'fastforward.registry'
local ROLE = 'fastforward_registry'
-- The layout of the state that one version of this file hands to the next. Another layout starts with a new state:
-- hosts then get one complete answer. `generation`, `detach` and `wake` stay in every layout.
local LAYOUT = 1
local RING = 4096
local LONGEST_WAIT = 60
local CHECK_INTERVAL = 1

local TRANSPORTS = {
    FORWARD_TRANSPORT_IP = 0,
    FORWARD_TRANSPORT_RDMA = 1,
    FORWARD_TRANSPORT_SOCKET = 2,
    FORWARD_TRANSPORT_VSOCKET = 3,
}

local NUMBERS = {unsigned = true, integer = true, number = true}
local STRINGS = {string = true}

-- `types` are the types that are accepted in a space which exists already. A scalar takes a text, a number (a vsock
-- CID) and, as it is nullable, nil; it refuses tables.
local function number_field(name)
    return {name = name, type = 'unsigned', types = NUMBERS}
end

local NODE, KEY_ID, PORT = number_field('node'), number_field('key_id'), number_field('port')
local ADDRESS = {
    name = 'address', type = 'scalar', is_nullable = true, types = {scalar = true, any = true, string = true},
}

local OVERRIDDEN_NODES = {
    name = 'OverriddenNodes',
    fields = {NODE, KEY_ID, number_field('transport'), ADDRESS, PORT},
    key = 1,
}
local NODES = {
    name = 'Nodes',
    fields = {NODE, KEY_ID, ADDRESS, PORT},
    key = 1,
}
local KEYS = {
    name = 'Keys',
    fields = {
        {name = 'user', type = 'string', types = STRINGS}, KEY_ID, {name = 'key', type = 'string', types = STRINGS},
        {name = 'nodes', type = 'array', types = {array = true}},
    },
    key = 2,
}
local ROUTES = {OVERRIDDEN_NODES, NODES}

local function fail(text, ...)
    error(NAME .. ': ' .. text:format(...), 0)
end

local function list(values)
    return setmetatable(values or {}, {__serialize = 'seq'})
end

-- Options

local OPTIONS = {
    user = {type = 'string', example = "user = 'fastforward'"},
    password = {type = 'string', example = "password = 'a long random text'"},
    keys = {type = 'boolean', example = 'keys = true'},
}

local function validate(cfg)
    if cfg == nil then
        return
    end
    if type(cfg) ~= 'table' then
        fail("the options are a %s; they must be a table, for example { user = 'fastforward' }", type(cfg))
    end
    for name, value in pairs(cfg) do
        local option = OPTIONS[name]
        if option == nil then
            fail("option '%s' is unknown; the options are user, password and keys, for example { keys = true }",
                tostring(name))
        end
        -- The value is not shown: it may be a password.
        if type(value) ~= option.type then
            fail("option '%s' is a %s; it must be a %s, for example %s", name, type(value), option.type, option.example)
        end
        if value == '' then
            fail("option '%s' is empty; write for example %s, or leave it out", name, option.example)
        end
    end
    if cfg.user == 'admin' or cfg.user == 'guest' then
        fail("option 'user' is '%s', which every Tarantool has; name a user for the hosts, for example "
            .. "user = 'fastforward'", cfg.user)
    end
    if cfg.password ~= nil and cfg.user == nil then
        fail("option 'password' is given without the option 'user'; add for example user = 'fastforward'")
    end
end

-- Spaces

-- What makes a space unusable as the one that `def` describes; nil if nothing does.
local function shape_problem(space, def)
    if space.engine ~= 'memtx' then
        return ("its engine is %s; it must be memtx, as routes are read at one instant"):format(space.engine)
    end
    if space.is_local or space.temporary then
        return 'it is local or temporary: its writes have no number by which hosts compare servers'
    end
    local format = space:format()
    for i = 1, math.max(#format, #def.fields) do
        local field, wanted = format[i], def.fields[i]
        if #format > 0 and field == nil then
            return ("its format has no field %d '%s' (%s)"):format(i, wanted.name, wanted.type)
        elseif #format > 0 and wanted == nil then
            if not field.is_nullable then
                return ("its additional field %d '%s' is not nullable"):format(i, field.name)
            end
        elseif #format > 0 and field.name ~= wanted.name then
            return ("its field %d is '%s'; it must be '%s'"):format(i, field.name, wanted.name)
        elseif #format > 0 and not wanted.types[field.type or 'any'] then
            return ("its field '%s' is of type %s; it must be %s"):format(field.name, field.type or 'any', wanted.type)
        end
    end
    local index = space.index[0]
    if index == nil then
        return nil -- Not complete yet; such a space is empty.
    end
    for i = 1, math.max(#index.parts, def.key) do
        local part, wanted = index.parts[i], def.fields[i]
        if part == nil or i > def.key or part.fieldno ~= i or not wanted.types[part.type] then
            local names = {}
            for j = 1, def.key do
                names[j] = ("'%s' (%s)"):format(def.fields[j].name, def.fields[j].type)
            end
            return 'its primary index must be on ' .. table.concat(names, ' and ')
        end
    end
end

-- box.space by name, without an error under strict mode and before the space exists.
local function find(def)
    return box.space[def.name]
end

local function describe(def, problem)
    return ("space '%s' exists, but %s; change or rename it (box.space.%s:rename('%sOld')) and apply again"):format(
        def.name, problem, def.name, def.name)
end

local function check_shapes(defs)
    for _, def in ipairs(defs) do
        local space = find(def)
        local problem = space ~= nil and shape_problem(space, def)
        if problem then
            fail('%s', describe(def, problem))
        end
    end
end

local function format_of(def)
    local format = {}
    for i, field in ipairs(def.fields) do
        format[i] = {name = field.name, type = field.type, is_nullable = field.is_nullable or false}
    end
    return format
end

-- Creates what is missing of a space, at once, so that a replica never sees a part of it.
local function create_space(def)
    local space = find(def)
    if space ~= nil and space.index[0] ~= nil and #space:format() > 0 then
        return
    end
    local ok, reason = pcall(box.atomic, function()
        space = space or box.schema.space.create(def.name, {format = format_of(def)})
        if #space:format() == 0 then
            space:format(format_of(def))
        end
        if space.index[0] == nil then
            local parts = {}
            for i = 1, def.key do
                parts[i] = {i, def.fields[i].type}
            end
            space:create_index('primary', {parts = parts})
        end
    end)
    if not ok then
        fail("space '%s' cannot be prepared: %s", def.name, tostring(reason))
    end
end

-- Rights

local function create_function(name)
    local existing = box.space._func.index.name:get(name)
    -- Without setuid the hosts would need rights of their own; field 4 is setuid.
    if existing ~= nil and existing[4] ~= 1 then
        box.schema.func.drop(name)
    end
    box.schema.func.create(name, {setuid = true, if_not_exists = true})
    box.schema.role.grant(ROLE, 'execute', 'function', name, {if_not_exists = true})
end

local function create_role(defs)
    box.schema.role.create(ROLE, {if_not_exists = true})
    create_function(NAME .. '_read')
    create_function(NAME .. '_keys')
    for _, def in ipairs(defs) do
        if def ~= KEYS and find(def) ~= nil then
            box.schema.role.grant(ROLE, 'read', 'space', def.name, {if_not_exists = true})
        end
    end
end

-- Tarantool 3: users in the configuration are managed there, passwords included.
local function is_configured(user)
    local ok, users = pcall(function()
        return require('config'):get('credentials.users')
    end)
    return ok and type(users) == 'table' and users[user] ~= nil
end

local function has_password(user, password)
    local auth = box.space._user.index.name:get(user)[5]
    if type(auth) ~= 'table' then
        return false
    end
    local salted = auth['pap-sha256'] -- Since Tarantool 2.11, if auth_type says so: a salt and a hash.
    if salted ~= nil then
        return salted[2] == digest.sha256(salted[1] .. password)
    end
    return auth['chap-sha1'] == box.schema.user.password(password)
end

-- Returns false if the user has to be created elsewhere first.
local function create_user(user, password)
    if box.schema.role.exists(user) then
        fail("option 'user' is '%s', which is a role here; name a user, for example user = 'fastforward'", user)
    end
    local configured = is_configured(user)
    if not box.schema.user.exists(user) then
        if configured or password == nil then
            return false
        end
        box.schema.user.create(user, {password = password, if_not_exists = true})
    elseif password ~= nil and not configured and not has_password(user, password) then
        box.schema.user.passwd(user, password)
    end
    local ok, reason = pcall(box.schema.user.grant, user, ROLE, nil, nil, {if_not_exists = true})
    if not ok then
        log.warn("%s: role %s could not be granted to user '%s': %s", NAME, ROLE, user, tostring(reason))
    end
    return true
end

-- Functions and rights belong to admin, also when another user applies.
local function as_admin(action, ...)
    if box.session.effective_user() == 'admin' then
        return action(...)
    end
    return box.session.su('admin', action, ...)
end

-- What was seen of changes. Readers see rows of a transaction while it is being written, so a rollback is a change as
-- well. A version that is answered in that time may or may not have such rows; the version after it has what remains.

-- The count is set back here and not only after the wait, because a cancelled fiber may run no more code.
local function wake(state)
    state.wakes = state.wakes + 1
    state.waiting = 0
    state.cond:broadcast()
end

local function mark(state, def_number, key)
    local counter = state.counter + 1
    local slot = counter % RING
    state.spaces[slot] = def_number
    state.keys[slot] = key
    state.counter = counter
    wake(state)
end

-- Everything may have changed: answers are complete for who knows an older version.
local function mark_all(state)
    state.counter = state.counter + 1
    state.floor = state.counter
    wake(state)
end

local function version_of(state)
    return state.boot .. ':' .. ('%d'):format(state.counter)
end

-- Runs an action, which must not fail, when the transaction of the running trigger ends either way.
local function at_end(action)
    box.on_commit(action)
    box.on_rollback(action)
end

-- Tarantool 3 may list pairs of a name and a function.
local function has_trigger(space, trigger)
    for _, other in pairs(space:on_replace()) do
        for _, value in pairs(type(other) == 'table' and other or {other}) do
            if value == trigger then
                return true
            end
        end
    end
    return false
end

local function detach_space(state, number)
    local attached = state.attached[number]
    local space = attached ~= nil and box.space[attached.id] or nil
    if space ~= nil then
        pcall(space.on_replace, space, nil, attached.trigger)
    end
    state.attached[number] = nil
end

local function attach(state, number, quiet)
    local def = ROUTES[number]
    local space = find(def)
    local function trigger(old, new)
        local key = (new or old)[1]
        at_end(function()
            mark(state, number, key)
        end)
    end
    detach_space(state, number)
    space:on_replace(trigger)
    state.attached[number] = {id = space.id, trigger = trigger}
    if not quiet then
        mark_all(state)
    end
end

-- Truncation, drop and creation do not reach the triggers of a space, only those of the system spaces. A missing or
-- refused trigger costs no change: check compares the spaces each second.
local function attach_system(state)
    local function trigger(old, new)
        local tuple = new or old
        local ours = tuple[3] == OVERRIDDEN_NODES.name or tuple[3] == NODES.name -- The name, in _space.
        for _, attached in pairs(state.attached) do
            ours = ours or attached.id == tuple[1]
        end
        if ours then
            at_end(function()
                state.check = true
                mark_all(state)
            end)
        end
    end
    for _, name in ipairs({'_space', '_index', '_truncate'}) do
        local space = box.space[name]
        if pcall(space.on_replace, space, trigger) then
            table.insert(state.system, {space = space, trigger = trigger})
        end
    end
    local function on_shutdown()
        state.shutdown = true
        wake(state)
    end
    if pcall(box.ctl.on_shutdown, on_shutdown) then
        state.on_shutdown = on_shutdown
    end
end

-- Removes every trigger. A later version of this file calls it through the state.
local function detach(state)
    for number in ipairs(ROUTES) do
        detach_space(state, number)
    end
    for _, system in ipairs(state.system) do
        pcall(system.space.on_replace, system.space, nil, system.trigger)
    end
    state.system = {}
    if state.on_shutdown ~= nil then
        pcall(box.ctl.on_shutdown, nil, state.on_shutdown)
        state.on_shutdown = nil
    end
end

local function measure(space)
    return ('%s %s %s'):format(space.id, space:len(), space:bsize())
end

-- Attaches to spaces that have arrived, and finds what the triggers have missed.
local function check(state)
    for number, def in ipairs(ROUTES) do
        local space = find(def)
        local attached = state.attached[number]
        if space == nil or space.index[0] == nil then
            state.attached[number] = nil
            state.problems[number] = ("space '%s' does not exist on this instance"):format(def.name)
                .. (box.info.ro and ', which is read-only: it has to arrive by replication' or
                    "; apply fastforward.registry again to create it")
        else
            local problem = shape_problem(space, def)
            problem = problem and describe(def, problem)
            if problem and problem ~= state.problems[number] then
                log.error('%s: %s', NAME, problem)
            end
            state.problems[number] = problem
            if problem then
                detach_space(state, number)
            elseif attached == nil or attached.id ~= space.id or not has_trigger(space, attached.trigger) then
                attach(state, number)
            end
            -- Seen twice, because a transaction on its way makes a difference as well.
            local measured = measure(space)
            local last = state.measured[number]
            if last == nil or last.counter ~= state.counter or last.text == measured then
                state.measured[number] = {counter = state.counter, text = measured}
            elseif last.different then
                mark_all(state)
            else
                last.different = true
            end
        end
    end
end

-- Answers

local function registry_uuid()
    -- Before Tarantool 3 `cluster` is the set of instances that share data; since 3 that is `replicaset`, and `cluster`
    -- is the whole, which has a name but no uuid.
    local info = box.info
    return info.replicaset ~= nil and info.replicaset.uuid or info.cluster.uuid
end

local function vclock()
    local components = list()
    for id, lsn in pairs(box.info.vclock) do
        -- Component 0 counts what is not replicated.
        if id ~= 0 then
            table.insert(components, list({id, lsn}))
        end
    end
    table.sort(components, function(a, b)
        return a[1] < b[1]
    end)
    return components
end

local function add_all(answer)
    answer.complete = true
    for _, def in ipairs(ROUTES) do
        local rows = list()
        local index = find(def).index[0]
        if index == nil then -- While a space is dropped; an empty answer would remove all routes.
            fail("space '%s' has no primary index on this instance", def.name)
        end
        for _, row in index:pairs() do
            table.insert(rows, row)
        end
        answer[def.name] = rows
    end
end

local function add_changes(state, answer, since)
    answer.complete = false
    answer.Removed = {}
    local seen = {}
    for number, def in ipairs(ROUTES) do
        answer[def.name] = list()
        answer.Removed[def.name] = list()
        seen[number] = {}
    end
    for i = since + 1, state.counter do
        local number, key = state.spaces[i % RING], state.keys[i % RING]
        -- As text, because a key above 2^53 is a cdata, which no table finds again.
        local text = tostring(key)
        if not seen[number][text] then
            seen[number][text] = true
            local def = ROUTES[number]
            local row = find(def).index[0]:get(key)
            if row ~= nil then
                table.insert(answer[def.name], row)
            else
                table.insert(answer.Removed[def.name], key)
            end
        end
    end
end

-- Hosts keep the routes they have while they get an error; an answer without rows would take the routes away.
local function require_spaces(state)
    for number, def in ipairs(ROUTES) do
        local space, attached = find(def), state.attached[number]
        if space == nil or attached == nil or attached.id ~= space.id then
            check(state)
        end
        if state.problems[number] then
            fail('%s', state.problems[number])
        end
    end
end

-- Does not yield, so that version, vclock and rows belong together.
local function make_answer(state, version)
    require_spaces(state)
    local info = box.info
    local answer = {
        format = 1,
        registry = registry_uuid(),
        instance = info.uuid,
        name = type(info.name) == 'string' and info.name or nil,
        vclock = vclock(),
        read_only = info.ro,
        version = version_of(state),
    }
    local boot, counter = version:match('^(.+):(%d+)$')
    counter = tonumber(counter)
    if version == answer.version then
        answer.unchanged = true
    elseif boot == state.boot and counter < state.counter and counter >= state.floor
        and state.counter - counter <= RING then
        add_changes(state, answer, counter)
    else
        add_all(answer)
    end
    return answer
end

local function read(state, version, timeout)
    if version == nil then
        version = ''
    end
    if timeout == nil then
        timeout = 0
    end
    if type(version) ~= 'string' then
        fail('registry_read: the version is a %s; it must be the text of an earlier answer, or nil', type(version))
    end
    timeout = tonumber(timeout)
    if timeout == nil or timeout ~= timeout then
        fail('registry_read: the timeout must be a number of seconds, for example 30')
    end
    local generation = state.generation
    local deadline = fiber.clock() + math.min(timeout, LONGEST_WAIT)
    while version == version_of(state) and state.generation == generation and not state.shutdown do
        local left = deadline - fiber.clock()
        if left <= 0 then
            break
        end
        local wakes = state.wakes
        state.waiting = state.waiting + 1
        state.cond:wait(left)
        if state.wakes == wakes then
            state.waiting = state.waiting - 1
        end
        fiber.testcancel() -- A wait of Tarantool 2.6 ends without error when its fiber is cancelled.
    end
    if state.shutdown then
        fail('the server is shutting down')
    end
    if state.generation ~= generation then
        -- Applied anew or stopped meanwhile: what is there now answers.
        return rawget(_G, 'fastforward').registry_read(version, 0)
    end
    return make_answer(state, version)
end

local function read_keys(state)
    local rows = list()
    local space = state.options.keys and find(KEYS) or nil
    if space ~= nil and space.index[0] ~= nil and shape_problem(space, KEYS) == nil then
        -- The user of the session: the effective one is the owner of this function.
        for _, row in space.index[0]:pairs(box.session.user()) do
            table.insert(rows, list({row[2], row[3], row[4]}))
        end
    end
    return rows
end

-- Life

-- Creates what is missing. Returns false if something has to wait: for a writable instance, or for a user.
local function create(options, password)
    if box.info.ro then
        return false
    end
    local defs = options.keys and {OVERRIDDEN_NODES, NODES, KEYS} or ROUTES
    check_shapes(defs)
    return as_admin(function()
        for _, def in ipairs(defs) do
            create_space(def)
        end
        create_role(defs)
        return options.user == nil or create_user(options.user, password)
    end)
end

local function watch(state, generation, options, password, created)
    local checked, broadcasted, reported = fiber.clock(), nil, nil
    while state.generation == generation and not state.shutdown do
        fiber.testcancel()
        if state.check or fiber.clock() - checked >= CHECK_INTERVAL then
            state.check = false
            checked = fiber.clock()
            local ok, reason = pcall(function()
                created = created or create(options, password)
                check(state)
            end)
            if not ok and tostring(reason) ~= reported then
                reported = tostring(reason)
                log.error('%s: %s', NAME, reported)
            end
        end
        local version = version_of(state)
        if version ~= broadcasted and state.generation == generation then
            -- Tarantool 2.10 and later. Here and not in a trigger, where an error or a switch of fibers would do harm.
            if box.broadcast ~= nil then
                pcall(box.broadcast, NAME, version)
            end
            broadcasted = version
        end
        if version == version_of(state) and not state.check then
            state.cond:wait(math.max(0, checked + CHECK_INTERVAL - fiber.clock()))
        end
    end
end

local function new_state()
    return {
        layout = LAYOUT,
        boot = uuid.str(),
        counter = 0,
        floor = 0, -- The least version that differences can start from.
        spaces = {}, -- The ring: the number in ROUTES of the space that change N touched, at N % RING,
        keys = {}, -- and the key.
        cond = fiber.cond(),
        generation = 0,
        waiting = 0, -- Calls that wait since the last wake.
        wakes = 0,
        attached = {},
        system = {},
        problems = {},
        measured = {},
    }
end

local function namespace()
    local global = rawget(_G, 'fastforward')
    if global == nil then
        global = {}
        rawset(_G, 'fastforward', global)
    elseif type(global) ~= 'table' then
        fail("the global variable 'fastforward' is a %s of another program; this registry needs the name",
            type(global))
    end
    return global
end

local function set_constants()
    for name, value in pairs(TRANSPORTS) do
        local existing = rawget(_G, name)
        if existing ~= nil and existing ~= value then
            log.warn('%s: %s was %s and is now %d', NAME, name, tostring(existing), value)
        end
        rawset(_G, name, value)
    end
end

-- Ends what an earlier apply started, of this file or another version of it, and wakes who waits in it.
local function end_earlier(state)
    state.generation = state.generation + 1
    state.detach(state)
    state.wake(state)
end

local function apply(cfg)
    if type(box.cfg) == 'function' then
        fail('box.cfg has not been called yet; load this file after the line box.cfg{...} of the init script')
    end
    validate(cfg)
    cfg = cfg or {}
    local options, password = {user = cfg.user, keys = cfg.keys or false}, cfg.password
    local global = namespace()

    check_shapes(options.keys and {OVERRIDDEN_NODES, NODES, KEYS} or ROUTES)
    local created = false
    local ok, reason = pcall(function()
        created = create(options, password)
    end)
    -- The instance may have become read-only meanwhile.
    if not ok and not box.info.ro then
        error(reason, 0)
    end

    -- No switch of fibers from here on: no change falls between old and new triggers.
    local state = global.registry_state
    local before = {}
    if state ~= nil then
        for number, attached in pairs(state.layout == LAYOUT and state.attached or {}) do
            before[number] = attached.id
        end
        end_earlier(state)
    end
    if state == nil or state.layout ~= LAYOUT then
        state = new_state()
        global.registry_state = state
    end
    state.options = options
    state.detach = detach
    state.wake = wake
    set_constants()
    for number, def in ipairs(ROUTES) do
        local space = find(def)
        if space ~= nil and space.index[0] ~= nil then
            attach(state, number, before[number] == space.id)
        end
    end
    attach_system(state)
    check(state)
    global.registry_read = function(version, timeout)
        return read(state, version, timeout)
    end
    global.registry_keys = function()
        return read_keys(state)
    end

    local watcher = fiber.new(watch, state, state.generation, options, password, created)
    watcher:name('ff.registry', {truncate = true})
    log.info('%s: applied%s', NAME, box.info.ro and '; this instance is read-only, its spaces arrive by replication'
        or options.user ~= nil and not created and ("; user '%s' gets its role as soon as it exists"):format(
            options.user) or '')
end

-- Data, rights and constants stay.
local function stop()
    local global = rawget(_G, 'fastforward')
    local state = type(global) == 'table' and global.registry_state or nil
    if state == nil then
        return
    end
    local function stopped()
        fail('stopped on this instance; apply it again to read it')
    end
    global.registry_read = stopped
    global.registry_keys = stopped
    end_earlier(state)
    log.info('%s: stopped', NAME)
end

if loaded_as == nil then
    -- A newer file over a running older one keeps the options; the password is only in Tarantool's own space.
    local global = rawget(_G, 'fastforward')
    local state = type(global) == 'table' and global.registry_state or nil
    apply(state ~= nil and state.options or nil)
end

return {
    validate = validate,
    apply = apply,
    stop = stop,
}
