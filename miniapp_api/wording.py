"""What the API itself says to people; refusals of use cases bring their own words."""

TITLES = {
    304: "没有变化",
    400: "请求读不懂",
    401: "需要登录或密钥",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种请求方式",
    408: "上传太慢",
    409: "与当前状态不符",
    410: "已失效",
    412: "已被更改",
    413: "内容太大",
    415: "内容类型不对",
    422: "内容有误",
    429: "请求太频繁",
    500: "系统暂时没有处理成功",
    503: "暂时无法处理",
}

SIGN_IN = "登录已失效或尚未登录：请重新登录后再试"
OPEN_KEY_MISSING = "请在 Authorization: Bearer 里带上接口密钥（zk_ 开头），或按接入文档签名"
SCOPE_MISSING = "这把接口密钥没有 {scope} 用途：请联系运营方"
NOT_FOR_KIND = "这个接口不向贵单位这一类合作方开放：见接入文档"
NO_SUCH_PLACE = "没有这个接口：请核对网址"
NO_SUCH_METHOD = "这个网址不支持 {method}：可用 {allowed}"
NOT_FOUND = "没有找到：请核对编号"
BODY_NOT_JSON = "请求内容不是完整的 JSON：请核对后重发"
BODY_NOT_A_FORM = "表单没有传完整：请重新上传"
WRONG_MEDIA_TYPE = "请求内容的类型应为 {right}"
BODY_PACKED = "请求内容不要压缩（Content-Encoding）：请直接发送"
BODY_TOO_LARGE = "内容超过 {most}：请压缩后重发"
BODY_TOO_SLOW = "内容没有在 {seconds} 秒内传完：请换个网络后重发；带着同一个 Idempotency-Key 重发不会重复办理"
KEY_MISSING = "请在请求头 Idempotency-Key 里填写 16–64 个字母、数字或 . _ : -，每办一件事换一个新的，重试时保持不变"
TOO_MANY = "请求太频繁：请在 {seconds} 秒后再试"
CHANGED = "您看到的内容已经变化：请刷新后再决定"
BAD_PAGE = "after 不是上一页给出的 next：请从第一页重新开始"
AWAY = "系统正忙：请几秒后再试"
TROUBLE = "系统暂时没有处理成功，请稍后再试。编号 {request}"

FIELD = "{field}：{trouble}"
TROUBLES = {
    "missing": "必须填写",
    "extra_forbidden": "没有这一项，请删去",
    "blank": "不能为空",
    "control_characters": "含有无法显示的字符，请删去",
    "string_type": "应为文字",
    "string_too_short": "太短，至少 {min_length} 个字",
    "string_too_long": "太长，最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对",
    "string_unicode": "含有无法显示的字符，请删去",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "finite_number": "应为数字",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "literal_error": "只能是 {expected} 之一",
    "enum": "只能是 {expected} 之一",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "is_instance_of": "应为文件",
    "json_invalid": "应为 JSON",
    "json_type": "应为 JSON",
}
"""By pydantic's kind of error."""
OTHER_TROUBLE = "格式不对"
