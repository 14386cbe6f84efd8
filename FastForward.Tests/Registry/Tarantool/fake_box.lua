-- A stand-in for box with the parts that registry.lua uses, for what an older Tarantool cannot do. It keeps rows, calls
-- triggers, commits at once, and records every call that would write the schema in `log`.
local fake = {log = {}, schema = {}}

local function array(values)
    return setmetatable(values, {__serialize = 'seq'})
end

-- What runs at the end of the transaction that a statement makes.
local at_commit = {}

local function commit()
    local actions = at_commit
    at_commit = {}
    for _, action in ipairs(actions) do
        action()
    end
end

local next_id = 512

local function new_space(name, format)
    local space = {name = name, id = next_id, engine = 'memtx', rows = {}, triggers = {}, index = {}}
    next_id = next_id + 1
    local fields = format or {}

    function space:format(value)
        if value ~= nil then
            fields = value
        end
        return fields
    end

    function space:on_replace(new, old)
        if new == nil and old == nil then
            return self.triggers
        end
        if self.refuses_triggers then
            error('triggers are refused')
        end
        for i = #self.triggers, 1, -1 do
            if self.triggers[i] == old then
                table.remove(self.triggers, i)
            end
        end
        if new ~= nil then
            table.insert(self.triggers, new)
        end
    end

    function space:replace(row)
        local old = self.rows[row[1]]
        self.rows[row[1]] = row
        for _, trigger in ipairs(self.triggers) do
            trigger(old, row)
        end
        commit()
    end

    function space:create_index(index_name, options)
        table.insert(fake.log, ('create_index %s.%s'):format(self.name, index_name))
        fake.add_index(self, options.parts)
    end

    function space:len()
        local count = 0
        for _ in pairs(self.rows) do
            count = count + 1
        end
        return count
    end

    function space:bsize()
        return 10 * self:len()
    end

    return space
end

function fake.add_index(space, parts)
    local index = {parts = {}}
    for i, part in ipairs(parts) do
        index.parts[i] = {fieldno = part[1], type = part[2]}
    end
    function index:pairs()
        return pairs(space.rows)
    end
    function index:get(key)
        return space.rows[key]
    end
    space.index[0] = index
end

-- A space that exists, as one that arrived by replication does.
function fake.add_space(name, parts)
    local space = new_space(name)
    fake.box.space[name] = space
    fake.box.space[space.id] = space
    if parts ~= nil then
        fake.add_index(space, parts)
    end
    return space
end

local function recorded(kind, result)
    return function(...)
        local words = {kind}
        for _, word in ipairs({...}) do
            if type(word) == 'string' then
                table.insert(words, word)
            end
        end
        table.insert(fake.log, table.concat(words, ' '))
        return result
    end
end

-- Makes the global box. `info` is what box.info has.
function fake.install(info)
    local users = {}
    local box = {
        cfg = {listen = 'fake'},
        info = info,
        space = {},
        NULL = require('msgpack').NULL,
        ctl = {on_shutdown = function(new)
            fake.on_shutdown = new
        end},
        session = {
            effective_user = function()
                return 'admin'
            end,
            user = function()
                return 'fastforward'
            end,
        },
        on_commit = function(action)
            table.insert(at_commit, action)
        end,
        on_rollback = function()
        end,
        atomic = function(action)
            return action()
        end,
        schema = {
            space = {create = function(name, options)
                table.insert(fake.log, 'space ' .. name)
                local space = new_space(name, options.format)
                fake.box.space[name] = space
                fake.box.space[space.id] = space
                return space
            end},
            func = {create = recorded('func'), drop = recorded('func.drop')},
            role = {
                create = recorded('role'),
                grant = recorded('role.grant'),
                exists = function()
                    return false
                end,
            },
            user = {
                exists = function(name)
                    return users[name] ~= nil
                end,
                create = function(name)
                    table.insert(fake.log, 'user ' .. name)
                    users[name] = {}
                end,
                passwd = function(name)
                    table.insert(fake.log, 'passwd ' .. name)
                end,
                password = function(password)
                    return 'hash of ' .. password
                end,
                grant = recorded('user.grant'),
            },
        },
    }
    fake.box = box
    fake.users = users
    for _, name in ipairs({'_space', '_index', '_truncate', '_func', '_user'}) do
        box.space[name] = new_space(name)
    end
    box.space._func.index.name = {get = function()
        return nil
    end}
    box.space._user.index.name = {get = function(_, name)
        return {32, 1, name, 'user', users[name]}
    end}
    rawset(_G, 'box', box)
    return array(fake.log)
end

return fake
