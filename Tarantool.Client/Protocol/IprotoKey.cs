namespace Tarantool.Client.Protocol;

/// <summary>
/// Keys of IPROTO header and body maps; names and values from the server's <c>iproto_constants.h</c>.
/// </summary>
internal static class IprotoKey
{
    public const byte RequestType = 0x00;
    public const byte Sync = 0x01;
    public const byte SchemaVersion = 0x05;
    public const byte SpaceId = 0x10;
    public const byte IndexId = 0x11;
    public const byte Limit = 0x12;
    public const byte Offset = 0x13;
    public const byte Iterator = 0x14;
    public const byte Key = 0x20;
    public const byte Tuple = 0x21;
    public const byte FunctionName = 0x22;
    public const byte UserName = 0x23;
    public const byte Expression = 0x27;
    public const byte Operations = 0x28;
    public const byte Data = 0x30;
    public const byte ErrorText = 0x31;
    public const byte Metadata = 0x32;
    public const byte SqlText = 0x40;
    public const byte SqlBind = 0x41;
    public const byte SqlInfo = 0x42;
    public const byte ErrorStack = 0x52;
    public const byte Version = 0x54;
    public const byte Features = 0x55;
    public const byte EventKey = 0x57;
    public const byte EventData = 0x58;
}
