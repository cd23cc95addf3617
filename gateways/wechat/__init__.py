"""WeChat's server API for one service account, as far as workflow.ports.WeChat asks for it."""

from gateways.wechat.client import WeChatClient

__all__ = ["WeChatClient"]
