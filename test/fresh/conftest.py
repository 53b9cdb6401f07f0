import bare
import pytest


@pytest.fixture
def tree():
    tree = bare.BareTree()
    yield tree
    tree.close()
