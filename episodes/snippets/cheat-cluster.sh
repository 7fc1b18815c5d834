npx lola scheduler                                     # terminal 1: its log has the address
npx lola worker --threads 1                            # terminal 2; run it again for a second worker
npx lola pi --stage distributed --scheduler ws://127.0.0.1:8786 --samples 1e9    # terminal 3
npx lola status                                        # which workers have joined
npx lola dashboard                                     # the dashboard's address
