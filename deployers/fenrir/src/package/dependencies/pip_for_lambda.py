"""Installs the packages of requirements.txt as pip would on Lambda.

pip takes platform and version of Python from options, and selects wheels by them. But it evaluates the conditions of
requirements, such as `; sys_platform == "linux"`, and the versions of Python that packages require, for the Python that runs it.
This script replaces those by the values of Lambda.

Usage: pip_for_lambda.py                             prints the versions of Python and pip
       pip_for_lambda.py MINOR MACHINE GLIBC TARGET  installs for Python 3.MINOR on MACHINE, with GNU libc 2.GLIBC
"""

import runpy
import sys

try:
    import pip
except ImportError:
    sys.exit("this Python has no pip; install it with `python3 -m ensurepip`, or as the package python3-pip of the system")

if int(pip.__version__.split(".")[0]) < 21:
    sys.exit("pip " + pip.__version__ + " is too old; update it with `python3 -m pip install --upgrade pip`")

if len(sys.argv) == 1:
    print(sys.version.split()[0], pip.__version__)
    sys.exit()

try:
    from pip._internal.cli.req_command import RequirementCommand
    from pip._vendor.packaging import markers

    make_resolver = RequirementCommand.make_resolver
    markers.default_environment()
except (ImportError, AttributeError):
    sys.exit("Fenrir cannot use pip " + pip.__version__ + "; report that, and use another version meanwhile")

minor, machine, glibc, target = sys.argv[1:]
version = "3." + minor
environment = {
    "implementation_name": "cpython",
    "implementation_version": version + ".0",
    "os_name": "posix",
    "platform_machine": machine,
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": version + ".0",
    "python_version": version,
    "sys_platform": "linux",
}
markers.default_environment = lambda: dict(environment)


def resolver_for_lambda(*arguments, **options):
    # As `pip download` does.
    return make_resolver(*arguments, **dict(options, py_version_info=(3, int(minor), 0)))


RequirementCommand.make_resolver = staticmethod(resolver_for_lambda)

# The best first. pip adds the older names of manylinux2014.
platforms = ["manylinux_2_%d_%s" % (minor_glibc, machine) for minor_glibc in range(int(glibc), 16, -1)]
platforms += ["manylinux2014_" + machine, "linux_" + machine]
options = ["--only-binary=:all:", "--implementation=cp", "--python-version=" + version, "--abi=cp3" + minor]
options += ["--platform=" + platform for platform in platforms]
sys.argv = ["pip", "install", "--target", target, "--no-compile", "--requirement", "requirements.txt"] + options
runpy.run_module("pip", run_name="__main__", alter_sys=True)
