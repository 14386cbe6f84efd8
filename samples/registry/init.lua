-- A registry for the two nodes of this directory, with a console. In the root of the source:
--
--   tarantool samples/registry/init.lua
--   dotnet run -c Release --project FastForward.Host -- run --instance samples/registry/25011.conf
--   dotnet run -c Release --project FastForward.Host -- run --instance samples/registry/250012.conf
--
-- each in a terminal of its own. The nodes reach each other over UDP. Then type here
--
--   box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })
--
-- and look at `stat --instance samples/registry/25011.conf`: the traffic takes the socket, until
--
--   box.space.OverriddenNodes:delete(250012)
local fio = require('fio')

local directory = '/tmp/FastForward.registry'
fio.mktree(directory)
box.cfg{
    listen = 'unix/:' .. fio.pathjoin(directory, 'registry.sock'),
    work_dir = directory,
    log = fio.pathjoin(directory, 'log'),
}

local root = fio.abspath(fio.pathjoin(fio.dirname(arg[0]), '..', '..'))
dofile(fio.pathjoin(root, 'FastForward.Transport', 'Registry', 'Tarantool', 'registry.lua'))

-- Every user of this machine may read the rows: no password for this sample.
box.schema.user.grant('guest', 'fastforward_registry', nil, nil, {if_not_exists = true})
box.space.Nodes:replace({ 25011, 0, '127.0.0.1', 54011 })
box.space.Nodes:replace({ 250012, 0, '127.0.0.1', 54012 })

require('console').start()
os.exit(0)
