npx lola scheduler                                     # terminal 1: its log has the address
npx lola worker --threads 1                            # terminal 2, once more for a second worker
npx lola pi --stage distributed --scheduler ws://127.0.0.1:8786 --samples 1e9    # terminal 3
npx lola status                                        # who is there
npx lola dashboard                                     # where the boxes are
