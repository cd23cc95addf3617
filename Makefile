# make help lists everything.
.DEFAULT_GOAL := help
.PHONY: help setup run test soak lint format bench accuracy docs pictures lock clean

PY := .venv/bin/python
T ?= tests
# As many tests at once as there are cores, four at most; a file's tests stay together, long files are begun first.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

help: ## 列出所有命令
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## 建立开发环境 .venv（含测试与检查工具）
	@deploy/setup.sh dev

run: ## 启动样例环境：http://127.0.0.1:8080/sim/（不需要任何账号和外部服务）
	@deploy/setup.sh run
	@$(PY) -m app serve --dev

# The tests start Python hundreds of times: what it compiles is kept, whatever the environment says.
test soak: export PYTHONDONTWRITEBYTECODE =
# Drawing photos takes large arrays by the thousand: memory once had from the system is kept, not had page by page again.
test soak: export MALLOC_MMAP_MAX_ = 0
test soak: export MALLOC_TRIM_THRESHOLD_ = 4294967296
# The inspector has one thread (gateways/inspector.py); more of them would only wait for each other, at full speed.
test soak: export OMP_NUM_THREADS = 1
test soak: export OPENBLAS_NUM_THREADS = 1
test soak: export OPENCV_FOR_THREADS_NUM = 1

test: setup ## 运行全部测试；只跑一部分：make test T=tests/bot
	@$(PY) -m pytest $(AT_ONCE) $(T)

soak: setup ## 只跑长测试（make test 里各有一个短的）：更多次断电、更多随机输入
	@$(PY) -m pytest -m soak $(AT_ONCE) $(T)

lint: setup ## 格式、代码检查、类型、房间之间的依赖、条款表、接口文档
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy --strict inspection standard
	@$(PY) -m mypy app bot config gateways jobs miniapp_api models simulator web workflow
	@.venv/bin/lint-imports
	@$(PY) -m docs.generate --check

format: setup ## 按统一格式改写代码
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: setup ## 基准测试：与各自的下限在同一次运行里比较
	@$(PY) -m benchmarks.photo_answer
	@$(PY) -m benchmarks.callback
	@$(PY) -m benchmarks.grades
	@$(PY) -m benchmarks.codes
	@$(PY) -m benchmarks.certificate

accuracy: setup ## 照片检查的准确度：按视角、缺陷、条款、拍摄条件列表（约半小时）
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.inspection_accuracy --seed 480000

docs: setup ## 由代码生成 docs/standard.md、docs/divergences.md 与 docs/openapi.json
	@$(PY) -m docs.generate

pictures: setup ## 从运行中的程序重拍 README、每个人的那一刻、十张照片（需要 Chromium）
	@$(PY) -m docs.take_pictures
	@$(PY) -m docs.ten_photos

lock: setup ## 按 pyproject.toml 重新锁定依赖版本（不含索引地址）
	@for x in "requirements.lock" "requirements-dev.lock --extra dev"; do set -- $$x; \
	  .venv/bin/uv pip compile pyproject.toml $${2:-} $${3:-} --no-emit-index-url --generate-hashes --universal \
	  --python-version 3.11 --custom-compile-command "make lock" -q -o $$1; done

clean: ## 删除环境、缓存与样例数据
	rm -rf .venv data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
